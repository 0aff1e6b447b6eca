package world

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"jejak/internal/api"
)

// disturb tells the same story while everything goes wrong: phones without a signal for days, that then send late, in another order and twice;
// requests and answers that get lost; servers that die, before an append and between it and its answer; a log that is away, fails, or does not say
// what became of an append; caches that are lost or rubbish; clocks that jump.
func (w *world) disturb() {
	w.t.Helper()
	w.ahead = true
	for _, a := range w.story.decisions {
		w.deliver([]act{a})
	}
	w.ahead = false
	queues := map[someone][]act{}
	for _, a := range w.story.acts {
		queues[a.who] = append(queues[a.who], a)
	}
	first, last := w.story.acts[0].at, w.story.acts[len(w.story.acts)-1].at
	moments := []time.Time{}
	for i := range 4 {
		moments = append(moments, first.Add(last.Sub(first)*time.Duration(i+1)/4))
	}
	moments = append(moments, last.AddDate(0, 0, 3), end.AddDate(0, 0, -2), end)
	for i, now := range moments {
		w.weather()
		if w.rng.IntN(3) == 0 || i == len(moments)-1 { // the time that passes calls for commands of policies
			w.badPolicies(w.anyone())
		}
		w.set(now)
		devices := slices.SortedFunc(maps.Keys(queues), func(a, b someone) int { return cmp.Compare(a.id(), b.id()) })
		w.rng.Shuffle(len(devices), func(i, j int) { devices[i], devices[j] = devices[j], devices[i] })
		for _, who := range devices {
			if i < len(moments)-1 && w.rng.IntN(5) < 3 {
				continue // no signal
			}
			n := 0
			for n < len(queues[who]) && !queues[who][n].at.After(now) {
				n++
			}
			if w.rng.IntN(5) == 0 && i < len(moments)-1 {
				n = w.rng.IntN(n + 1) // the signal is gone again
			}
			w.upload(queues[who][:n])
			if queues[who] = queues[who][n:]; len(queues[who]) == 0 {
				delete(queues, who)
			}
		}
	}
	w.finish()
}

// weather is what happens to servers between requests.
func (w *world) weather() {
	i := w.rng.IntN(len(w.servers))
	s := w.servers[i]
	switch w.rng.IntN(6) {
	case 0:
		w.note("server %d is killed", i)
		s.store.Kill()
		w.restart(i)
	case 1:
		w.note("server %d is stopped and started", i)
		w.restart(i)
	case 2:
		if jump := w.now.AddDate(0, 0, 1+w.rng.IntN(40)); jump.After(s.clock.Now()) {
			w.note("server %d: its clock jumps to %s", i, jump.Format(time.RFC3339))
			w.must(s.clock.Set(jump))
		}
	}
	w.settle()
}

// badPolicies arms faults for what the policies of a server append.
func (w *world) badPolicies(i int) {
	fault := Fault(1 + w.rng.IntN(int(KilledAfter)))
	w.note("commands of policies of server %d: %s", i, fault)
	w.servers[i].store.ArmOthers(fault, 1+w.rng.IntN(3))
}

// upload sends what a device has kept: one by one or in bulk, in its order or another, once or twice.
func (w *world) upload(queue []act) {
	if len(queue) == 0 {
		return
	}
	queue = slices.Clone(queue)
	if w.rng.IntN(2) == 0 {
		w.note("%s sends %d acts in another order", queue[0].who.id(), len(queue))
		w.rng.Shuffle(len(queue), func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
	}
	again := w.rng.IntN(4) == 0
	if w.rng.IntN(2) == 0 {
		w.deliver(queue)
	} else {
		for _, a := range queue {
			w.deliver([]act{a})
		}
	}
	if again {
		w.note("%s sends everything again", queue[0].who.id())
		w.deliver(queue)
	}
}

// deliver sends acts of one person until all are answered. What is resent is resent whole: which part of it was answered follows from how the
// server's goroutines ran, and the faults must not.
func (w *world) deliver(acts []act) {
	w.t.Helper()
	for try := range 50 {
		faulty := w.rng != nil && try < 5 && w.rng.IntN(4) == 0
		if faulty && w.mishap(acts) {
			return
		}
		if !faulty && w.send(w.anyone(), acts) {
			return
		}
		for _, s := range w.servers {
			s.store.Calm()
		}
		w.settle()
		time.Sleep(time.Second)
	}
	w.t.Fatalf("%s and %d more of %s are never answered", acts[0].kind, len(acts)-1, acts[0].who.id())
}

// anyone is the number of a server.
func (w *world) anyone() int {
	if w.rng == nil {
		return 0
	}
	return w.rng.IntN(len(w.servers))
}

// mishap sends acts while one thing goes wrong, and tells whether they are answered all the same.
func (w *world) mishap(acts []act) bool {
	w.t.Helper()
	i, a := w.anyone(), acts[w.rng.IntN(len(acts))]
	store := w.servers[i].store
	what := func(text string) { w.note("%s %s to server %d: %s", a.kind, a.id, i, text) }
	switch n := w.rng.IntN(12); n {
	case 0:
		what("request lost")
		return false
	case 1:
		what("answer lost")
		w.look(acts, w.post(i, acts)) // whoever looks at the log sees it acknowledged, though nobody heard it
		return false
	case 2:
		what("sent twice at once")
		j := w.anyone()
		var first, second []api.Answer
		together(func() { first = w.post(i, acts) }, func() { second = w.post(j, acts) })
		w.look(acts, first)
		return w.look(acts, second)
	case 3:
		what("reads fail")
		store.FailReads(1 + w.rng.IntN(4))
		w.look(acts, w.post(i, acts)) // whether it comes through follows from who else reads
		return false
	case 4:
		w.badPolicies(i)
		w.look(acts, w.post(i, acts))
		w.settle()
		return false
	default:
		fault := Fault(n - 4)
		what(fault.String())
		store.Arm(a.id, fault, 1+w.rng.IntN(3))
		final := w.look(acts, w.post(i, acts))
		return final && !store.Dead()
	}
}
