package wire

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"time"
)

// Fault is a way in which the server misbehaves.
type Fault string

// The faults. Which calls they apply to is said at each.
const (
	AnswerLost    Fault = "answer-lost"    // append: durable, then the connection is reset instead of an answer
	AbortedAfter  Fault = "aborted-after"  // append: durable, then Aborted
	Withheld      Fault = "withheld"       // append: durable, then no answer until the client gives up
	AbortedBefore Fault = "aborted-before" // append: Aborted, nothing stored
	Unavailable   Fault = "unavailable"    // append, read, subscribe: Unavailable, nothing done
	NotLeader     Fault = "not-leader"     // append, read, subscribe: not the leader, with the address of who is said to be
	Deadline      Fault = "deadline"       // append, read, subscribe: nothing done, no answer until the client gives up
	Reset         Fault = "reset"          // append, read, subscribe: nothing done, the connection is reset
	Slow          Fault = "slow"           // append, read, subscribe: done after SlowBy
	Dropped       Fault = "dropped"        // read, subscribe: broken off with Unavailable before a record; rolled for every record
	GossipLies    Fault = "gossip-lies"    // gossip: the leader is said to be where Lie says, a dead address by default
)

// Op is a kind of call.
type Op string

// The calls: OpAppend is also deletion.
const (
	OpAppend    Op = "append"
	OpRead      Op = "read"
	OpSubscribe Op = "subscribe"
	OpGossip    Op = "gossip"
)

// Faults are probabilities, from 0 to 1, per call that a fault applies to.
type Faults struct {
	AnswerLost, AbortedAfter, Withheld, AbortedBefore, Unavailable, NotLeader, Deadline, Reset, Slow, Dropped, GossipLies float64
	// SlowBy is how long a slow call waits.
	SlowBy time.Duration
}

func (f *Faults) probabilities() map[Fault]float64 {
	return map[Fault]float64{
		AnswerLost: f.AnswerLost, AbortedAfter: f.AbortedAfter, Withheld: f.Withheld, AbortedBefore: f.AbortedBefore, Unavailable: f.Unavailable,
		NotLeader: f.NotLeader, Deadline: f.Deadline, Reset: f.Reset, Slow: f.Slow, Dropped: f.Dropped, GossipLies: f.GossipLies,
	}
}

func (f *Faults) check() error {
	for fault, p := range f.probabilities() {
		if !(p >= 0 && p <= 1) {
			return fmt.Errorf("probability of %s is %v: it must be from 0 to 1", fault, p)
		}
	}
	if f.SlowBy < 0 {
		return fmt.Errorf("slow calls wait %s: it must not be negative", f.SlowBy)
	}
	return nil
}

// FaultHooks changes how a running server misbehaves. Any goroutine may use them at any time; they outlive Restart.
type FaultHooks struct {
	mu       sync.Mutex
	dice     *rand.Rand
	slowBy   time.Duration
	chance   map[Fault]float64
	next     map[Op]map[Fault]int
	count    map[Fault]int
	leader   string // said to lead; "" this server
	moved    bool
	lie      string
	notReady bool
}

func newFaultHooks(f Faults, seed uint64) *FaultHooks {
	h := &FaultHooks{dice: rand.New(rand.NewPCG(seed, 0x6a656a616b)), next: map[Op]map[Fault]int{}, count: map[Fault]int{}}
	h.slowBy, h.chance = f.SlowBy, f.probabilities()
	return h
}

// Set changes the probabilities; Set(Faults{}) ends all that are rolled for. What Next, MoveLeader and NotReady said stays.
func (h *FaultHooks) Set(f Faults) error {
	if err := f.check(); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.slowBy, h.chance = f.SlowBy, f.probabilities()
	return nil
}

// Next makes the fault happen at the next n calls of a kind, whatever the dice say. For Dropped it is the next n records. n 0 takes it back.
func (h *FaultHooks) Next(op Op, fault Fault, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.next[op] == nil {
		h.next[op] = map[Fault]int{}
	}
	h.next[op][fault] = n
}

// MoveLeader makes every call from now on say that another server leads; gossip says so too. nil: this server leads (again).
func (h *FaultHooks) MoveLeader(to *Server) {
	address := ""
	if to != nil {
		address = to.Address()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.moved, h.leader = to != nil, address
}

// LeaderAt is the address that NotLeader names, "" for this server's own.
func (h *FaultHooks) LeaderAt(address string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leader = address
}

// Lie is the address of the leader that GossipLies announces; "" is one where nobody listens.
func (h *FaultHooks) Lie(address string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lie = address
}

// NotReady makes the server answer Unavailable to everything, as one that is still starting.
func (h *FaultHooks) NotReady(notReady bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notReady = notReady
}

// Counts returns how often each fault happened since Start.
func (h *FaultHooks) Counts() map[Fault]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.count)
}

// take tells whether the fault happens now, and counts it.
func (h *FaultHooks) take(op Op, fault Fault) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := h.next[op][fault]; n > 0 {
		h.next[op][fault] = n - 1
		h.count[fault]++
		return true
	}
	if p := h.chance[fault]; p > 0 && h.dice.Float64() < p {
		h.count[fault]++
		return true
	}
	return false
}
