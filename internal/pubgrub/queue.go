package pubgrub

// queue orders undecided packages: highest priority first, then the smallest
// package. A priority stays as it was given until the package is pushed again.
type queue struct {
	heap  []queued
	place []int32 // package -> index in heap plus one; 0 is not queued
}

type queued struct {
	priority uint64
	pkg      Package
}

func (q queued) before(o queued) bool {
	return q.priority > o.priority || q.priority == o.priority && q.pkg < o.pkg
}

func (q *queue) has(p Package) bool { return q.place[p] != 0 }

func (q *queue) push(p Package, priority uint64) {
	i := int(q.place[p]) - 1
	if i < 0 {
		i = len(q.heap)
		q.heap = append(q.heap, queued{})
	}
	q.set(i, queued{priority, p})
	q.up(i)
	q.down(int(q.place[p]) - 1)
}

func (q *queue) pop() (Package, bool) {
	if len(q.heap) == 0 {
		return 0, false
	}
	p := q.heap[0].pkg
	q.remove(p)
	return p, true
}

func (q *queue) remove(p Package) {
	i := int(q.place[p]) - 1
	if i < 0 {
		return
	}
	last := len(q.heap) - 1
	moved := q.heap[last]
	q.heap = q.heap[:last]
	q.place[p] = 0
	if i < last {
		q.set(i, moved)
		q.up(i)
		q.down(int(q.place[moved.pkg]) - 1)
	}
}

func (q *queue) set(i int, e queued) {
	q.heap[i] = e
	q.place[e.pkg] = int32(i) + 1
}

func (q *queue) up(i int) {
	for e := q.heap[i]; i > 0; {
		parent := (i - 1) / 2
		if !e.before(q.heap[parent]) {
			return
		}
		q.set(i, q.heap[parent])
		q.set(parent, e)
		i = parent
	}
}

func (q *queue) down(i int) {
	for e := q.heap[i]; ; {
		child := 2*i + 1
		if child >= len(q.heap) {
			return
		}
		if child+1 < len(q.heap) && q.heap[child+1].before(q.heap[child]) {
			child++
		}
		if !q.heap[child].before(e) {
			return
		}
		q.set(i, q.heap[child])
		q.set(child, e)
		i = child
	}
}
