package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"jejak/domain"
	"jejak/internal/share"
)

// Hurry lets a server wait for a short time only, before it serves.
func (s *Server) Hurry(d time.Duration) {
	s.patience = patience{header: d, read: d, write: d + 10*time.Second, line: d, position: d, heartbeat: d}
}

// Hold takes places of a limit for a holder, until they are let go.
func (s *Server) Hold(limit, holder string, n int) (letGo func(), err error) {
	of := map[string]*share.Places{}
	for _, p := range []*share.Places{s.shares.commands, s.shares.requests, s.shares.openRequests, s.shares.streams, s.shares.replays, s.shares.batches,
		s.shares.scans, s.shares.downloads, s.shares.bundles} {
		of[p.Limit().Name] = p
	}
	var frees []func()
	for range n {
		free, err := of[limit].Take(context.Background(), holder)
		if err != nil {
			return nil, err
		}
		frees = append(frees, free)
	}
	return func() {
		for _, free := range frees {
			free()
		}
	}, nil
}

// FillSpools leaves so much room on the disk for batches.
func (s *Server) FillSpools(left int64) { s.spools.most.Store(s.spools.taken.Load() + left) }

// From is the address that a request comes from, and what it is counted as.
func (s *Server) From(r *http.Request) (address netip.Addr, group string) {
	a := s.from(r)
	return a, share.Group(a)
}

// Fitting is how many texts are a page.
func Fitting(items []string, most int) int { return fitting(items, most) }

// SumUpAfter sets when refusals of an address are summed up.
func (s *Server) SumUpAfter(d time.Duration) { s.refusals.every = d }

// The limits that are no places, for the page that tells of them.
const (
	MaxBatch     = maxBatch
	MaxLines     = maxLines
	MaxMalformed = maxMalformed
	MaxRatio     = maxRatio
	SpoolsMost   = spoolsMost
	ListBytes    = listBytes
	FailureBurst = failureBurst
)

// Quota is how many reports a role may send in an hour.
func Quota() map[domain.Role]int { return quota }

// SetQuota sets how many reports the roles may send in an hour, before it serves.
func (s *Server) SetQuota(of map[domain.Role]int) { s.quota = of }
