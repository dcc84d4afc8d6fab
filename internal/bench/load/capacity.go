package load

import (
	"context"
	"math"
	"time"
)

// A Goal is what a server must keep to.
type Goal struct {
	Quantile float64       // of the latency, such as 0.99
	Latency  time.Duration // that it may have
	Failures float64       // the share of requests that may fail
	// Step is how long each rate is tried; the last verdict is on twice that.
	Step      time.Duration
	From, To  float64 // the rates to search between, in requests a second
	Precision float64 // of the answer, such as 0.05
	// Report is told of each rate that was tried; may be nil.
	Report func(Try)
}

// A Verdict says how a rate was borne.
type Verdict string

// The verdicts.
const (
	Borne       Verdict = "borne"
	TooSlow     Verdict = "too slow"
	TooManyFail Verdict = "too many failures"
	FellBehind  Verdict = "fell behind" // fewer were answered than sent, and ever more wait
	// GeneratorLate: the generator did not keep up, so that nothing can be said of
	// the server.
	GeneratorLate Verdict = "generator late"
)

// A Try is one rate that was tried.
type Try struct {
	Rate    float64
	Verdict Verdict
	Result  *Result
}

// A Limit is the answer of [Capacity]. Borne is the highest rate that was borne,
// Refused the lowest one that was not; both are zero where there is none. Where
// the generator was the limit, GeneratorLimit is set and the server bears Borne
// at least.
type Limit struct {
	Borne, Refused float64
	GeneratorLimit bool
	Interrupted    bool
	Tries          []Try
}

// Capacity searches the highest rate at which a server keeps to a goal: by
// doubling from goal.From until a rate is refused, by bisection from there on, and
// at last by trying the answer once more, for twice the time. The plan's stages
// are not looked at. After a rate that is refused the server has time to recover: a
// fifth of a step, or the latency that was asked for.
func Capacity(ctx context.Context, p Plan, goal Goal) (*Limit, error) {
	limit := &Limit{}
	s := &search{plan: p, goal: goal, limit: limit}
	rate := goal.From
	for ctx.Err() == nil {
		v, err := s.try(ctx, rate, goal.Step)
		if err != nil {
			return nil, err
		}
		if s.over(rate, v) {
			break
		}
		if rate = s.next(rate); rate == 0 {
			if limit.Borne == 0 {
				break
			}
			// The answer is tried for longer: where it is refused, the search goes on
			// below.
			again := limit.Borne
			if v, err = s.try(ctx, again, 2*goal.Step); err != nil {
				return nil, err
			}
			if v == Borne || ctx.Err() != nil || s.over(again, v) {
				break
			}
			limit.Borne, limit.Refused = s.below(again), again
			if rate = s.next(again); rate == 0 {
				break
			}
		}
	}
	limit.Interrupted = ctx.Err() != nil
	return limit, nil
}

// mostRecovery is the longest pause after a rate that was refused.
const mostRecovery = 5 * time.Second

// A search is a capacity being sought.
type search struct {
	plan  Plan
	goal  Goal
	limit *Limit
}

func (s *search) try(ctx context.Context, rate float64, d time.Duration) (Verdict, error) {
	p := s.plan
	p.Stages = []Stage{{rate, rate, p.Warmup + d}}
	if p.Timeout == 0 {
		p.Timeout = max(time.Second, 2*s.goal.Latency)
	}
	result, err := Run(ctx, p)
	if err != nil {
		return "", err
	}
	if result.Interrupted {
		return "", nil
	}
	v := s.goal.judge(result)
	s.limit.Tries = append(s.limit.Tries, Try{rate, v, result})
	if s.goal.Report != nil {
		s.goal.Report(s.limit.Tries[len(s.limit.Tries)-1])
	}
	if v != Borne {
		wait := time.NewTimer(min(max(s.goal.Step/5, s.goal.Latency), mostRecovery))
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
		}
	}
	return v, nil
}

// judge compares a result with the goal. That the generator was late excuses a
// server that missed the goal, and no other.
func (g *Goal) judge(r *Result) Verdict {
	late := r.Invalid != ""
	q := float64(r.Latency.histogram.ValueAtPercentile(g.Quantile * 100))
	switch {
	case r.FailureShare() > g.Failures:
		return TooManyFail
	case late:
		return GeneratorLate
	case time.Duration(q) > g.Latency:
		return TooSlow
	}
	// When all was sent the answers still to come must do so within the latency
	// that the server may have.
	span := time.Duration(float64(r.Due) / r.Asked * 1e9)
	if r.Elapsed-span > max(g.Latency, span/4) {
		return FellBehind
	}
	return Borne
}

// over takes a verdict into account and reports whether it ends the search.
func (s *search) over(rate float64, v Verdict) bool {
	l := s.limit
	switch v {
	case "":
		return true
	case Borne:
		l.Borne = max(l.Borne, rate)
	case GeneratorLate:
		l.GeneratorLimit = true
		return true
	default:
		if l.Refused == 0 || rate < l.Refused {
			l.Refused = rate
		}
	}
	return false
}

// next is the rate to try, or 0 when the answer is precise enough.
func (s *search) next(rate float64) float64 {
	l := s.limit
	switch {
	case l.Refused == 0 && rate >= s.goal.To:
		return 0
	case l.Refused == 0:
		return min(2*rate, s.goal.To)
	case l.Borne == 0 && l.Refused <= 1:
		return 0
	case l.Borne == 0:
		return max(1, l.Refused/4)
	case l.Refused/l.Borne <= 1+s.goal.Precision:
		return 0
	}
	return math.Sqrt(l.Borne * l.Refused)
}

// below is the highest rate under this one that was borne.
func (s *search) below(rate float64) float64 {
	best := 0.0
	for _, t := range s.limit.Tries {
		if t.Verdict == Borne && t.Rate < rate {
			best = max(best, t.Rate)
		}
	}
	return best
}
