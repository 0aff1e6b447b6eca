package notary

import "time"

// At has the notary of a Config go by another clock, and never wait.
func (cfg Config) At(now time.Time) Config {
	cfg.now = func() time.Time { return now }
	return cfg
}

// Fails tells the notary that something failed at a time, as its Run does.
func (n *Notary) Fails(at time.Time, err error) {
	n.cfg.now = func() time.Time { return at }
	n.failed(err, 0)
}
