// Package load drives an HTTP server at a rate that does not depend on how fast
// it answers, and measures how long its users wait.
//
// A [Plan] says what to send and when: arrivals at a constant rate or as a
// Poisson process, in steps and ramps ([Stage]), or at the moments of a recorded
// trace. [Run] carries it out and returns a [Result]. Three times are kept apart,
// each as a histogram ([Distribution]):
//
//   - latency: from the moment a request was due to the last byte of its answer,
//     which is what a user waits, also while the server holds up all connections
//     (that this is left out is known as coordinated omission);
//   - service: from the moment it was sent;
//   - lateness: from the moment it was due to the moment the generator got round
//     to it. It is the generator's own fault and none of the server's: past a
//     bound the result is marked invalid.
//
// The closed model, where each of a fixed number of connections sends its next
// request when the last is answered, is there for comparisons with older tools.
// It measures throughput; its latencies say nothing about users that arrive by
// themselves, and its results say so.
//
// Plain HTTP/1.1 has a client of its own: an event loop over epoll on Linux, a
// goroutine for each connection elsewhere and for TLS. HTTP/2 is net/http's. A
// [Result] says in Engine which it was. The event loop takes the time of an answer
// from the kernel, which notes it on arrival: that the loop is asleep or busy then
// makes no difference, so that it need not be woken for answers.
//
// [Capacity] searches the highest rate that a server bears.
package load
