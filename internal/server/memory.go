package server

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// garbageShare is how much garbage may gather, in percent of what is in use: less than Go's 100, because what is in use may be a whole province.
	garbageShare = 60
	// garbageRoom is how much may gather in any case: with little in use a share of it would be collected again several times a second, which
	// took a tenth of the server's time.
	garbageRoom = 256 << 20
	// mostShare keeps a nearly empty heap from being forgotten.
	mostShare = 400
)

// TuneMemory has the whole process trade processor time and memory as a server should, until ctx ends. limit is a soft limit in bytes, 0 for none.
// What GOGC and GOMEMLIMIT say goes before.
func TuneMemory(ctx context.Context, limit int64) {
	if limit > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
	if os.Getenv("GOGC") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	share := 0
	adjust := func() {
		metrics.Read(live)
		if next := shareFor(live[0].Value.Uint64()); next < share || next > share+share/10 { // to change it stops the world for a moment
			share = next
			debug.SetGCPercent(share)
		}
	}
	adjust()
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				adjust()
			case <-ctx.Done():
				return
			}
		}
	}()
}

// shareFor is the percentage of garbage with so many bytes in use.
func shareFor(live uint64) int {
	return int(min(mostShare, max(garbageShare, garbageRoom*100/max(live, 1))))
}
