package main

import (
	"os"
	"runtime/debug"
)

// demoMemory is what the demo's heap is kept to while that can be done: the whole province, server and simulation together, needs about 1 GiB.
const demoMemory = 1150 << 20

// limitMemory trades some processor time for memory: without it Go lets as much garbage gather as there is in use. limit is a soft limit in
// bytes, 0 for none. What GOGC and GOMEMLIMIT say goes before.
func limitMemory(limit int64) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(60)
	}
	if limit > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
}
