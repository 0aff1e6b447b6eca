package httpapi

import (
	"sync"
	"time"
)

// refusalsFor is the time for which refusals of one address are summed up in the log.
const refusalsFor = time.Minute

// refusalMemory is of how many addresses refusals are summed up at once: those of more come in one line together.
const refusalMemory = 1000

// refusals sum up in the log what was refused for its token: the first of an address is written as it is, the others of a minute as one line with
// their number. Anybody can send them, as many as he likes; the log is for those who read it.
type refusals struct {
	every time.Duration
	write func(from string, more int)

	mu sync.Mutex
	of map[string]int // more than the first, by address; while its minute lasts
}

// elsewhere stands for the addresses beyond refusalMemory.
const elsewhere = "others"

// first tells whether a refusal is to be written as it is.
func (r *refusals) first(from string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.of[from]; !known && len(r.of) >= refusalMemory {
		from = elsewhere
	}
	if _, known := r.of[from]; known {
		r.of[from]++
		return false
	}
	if r.of == nil {
		r.of = map[string]int{}
	}
	r.of[from] = 0
	time.AfterFunc(r.every, func() { r.sum(from) })
	return from != elsewhere
}

// sum ends the minute of an address.
func (r *refusals) sum(from string) {
	r.mu.Lock()
	more := r.of[from]
	delete(r.of, from)
	r.mu.Unlock()
	if more > 0 {
		r.write(from, more)
	}
}
