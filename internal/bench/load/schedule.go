package load

import (
	"math"
	"math/rand/v2"
	"time"
)

// A schedule yields the moments at which requests are due, in their order.
//
// It counts in operational time, in which one request is due per unit: arrivals
// at a constant rate are whole numbers in it, those of a Poisson process have
// exponential distances. A stage maps it to real time by the integral of its
// rate, whose inverse has a closed form, so that no error adds up.
type schedule struct {
	stages  []Stage
	trace   []Arrival
	random  *rand.Rand // of a Poisson process
	start   float64    // of the current stage, in seconds
	due     float64    // in the operational time of the current stage
	n       int64
	started bool
}

func newSchedule(p *Plan) *schedule {
	s := &schedule{stages: p.Stages, trace: p.Trace}
	if p.Poisson {
		s.random = rand.New(rand.NewPCG(p.Seed, 1))
	}
	return s
}

// next is the number of the next request and when it is due.
func (s *schedule) next() (n int64, at time.Duration, ok bool) {
	n = s.n
	s.n++
	if s.trace != nil {
		if n >= int64(len(s.trace)) {
			return 0, 0, false
		}
		return n, s.trace[n].At, true
	}
	switch {
	case s.random != nil:
		s.due += s.random.ExpFloat64()
	case s.started:
		s.due++
	}
	s.started = true
	for len(s.stages) > 0 {
		stage := s.stages[0]
		seconds := stage.For.Seconds()
		mass := (stage.From + stage.To) / 2 * seconds
		if s.due < mass-1e-9 {
			return n, time.Duration((s.start + stage.moment(s.due)) * 1e9), true
		}
		s.due = max(0, s.due-mass)
		s.start += seconds
		s.stages = s.stages[1:]
	}
	return 0, 0, false
}

// moment is the time in seconds at which the integral of the rate is mass: the
// root of From·t + slope·t²/2 = mass, in the form that does not cancel.
func (s Stage) moment(mass float64) float64 {
	if mass <= 0 {
		return 0
	}
	slope := (s.To - s.From) / s.For.Seconds()
	return 2 * mass / (s.From + math.Sqrt(max(0, s.From*s.From+2*slope*mass)))
}

// A job is one request that is due. The closed model has jobs that are due when
// they are sent.
type job struct {
	n  int64
	at int64 // nanoseconds from the start of the run
}

// A feed deals the requests of a schedule out to one of several threads.
type feed struct {
	*schedule
	part, parts int64
}

func (f *feed) next() (job, bool) {
	for {
		n, at, ok := f.schedule.next()
		if !ok {
			return job{}, false
		}
		if n%f.parts == f.part {
			return job{n, int64(at)}, true
		}
	}
}

// closed is the next request of the closed model, due now.
func (f *feed) closed(now int64) job {
	n := f.schedule.n*f.parts + f.part
	f.schedule.n++
	return job{n, now}
}

// A queue holds requests in the order in which they are due.
type queue struct {
	jobs  []job
	first int
}

func (q *queue) empty() bool { return q.len() == 0 }

func (q *queue) len() int { return len(q.jobs) - q.first }

func (q *queue) push(j job) {
	if q.first > 1024 && q.first > len(q.jobs)/2 {
		q.jobs = q.jobs[:copy(q.jobs, q.jobs[q.first:])]
		q.first = 0
	}
	q.jobs = append(q.jobs, j)
}

// at is the request i places behind the first.
func (q *queue) at(i int) (job, bool) {
	if i >= q.len() {
		return job{}, false
	}
	return q.jobs[q.first+i], true
}

func (q *queue) peek() (job, bool) { return q.at(0) }

func (q *queue) pop() (job, bool) {
	j, ok := q.peek()
	if ok {
		q.first++
	}
	return j, ok
}
