package httpapi

import "sync"

// atOnce counts by user what lasts and is under way.
type atOnce struct {
	most int // for each user
	mu   sync.Mutex
	of   map[string]int
}

// begin takes a place; ok is false when a user has as many as he may.
func (a *atOnce) begin(user string) (end func(), ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of[user] >= a.most {
		return nil, false
	}
	if a.of == nil {
		a.of = map[string]int{}
	}
	a.of[user]++
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.of[user]--; a.of[user] == 0 {
			delete(a.of, user)
		}
	}, true
}
