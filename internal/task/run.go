package task

import (
	"context"
	"sync"
)

// RunNeeded runs the tasks of an order but for the last one, which needs them:
// each as soon as what it needs itself is done, as many at once as limit says. The
// first that fails ends the context of the others, and its error is the answer;
// those that have not begun are passed over.
func RunNeeded(ctx context.Context, order []*Task, limit int, run func(context.Context, *Task) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	needs := Needs(order)
	order = order[:len(order)-1]
	done := make([]chan struct{}, len(order))
	for i := range done {
		done[i] = make(chan struct{})
	}
	slots := make(chan struct{}, limit)
	var once sync.Once
	var failure error
	for i, t := range order {
		go func() {
			defer close(done[i])
			for _, n := range needs[i] {
				<-done[n]
			}
			slots <- struct{}{}
			defer func() { <-slots }()
			if ctx.Err() != nil {
				return
			}
			if err := run(ctx, t); err != nil {
				once.Do(func() { failure = err; cancel() })
			}
		}()
	}
	for _, c := range done {
		<-c
	}
	if failure == nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return failure
}
