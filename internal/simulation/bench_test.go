package simulation

import (
	"runtime"
	"testing"
)

// BenchmarkRehearse makes every command of a regency: what the simulation itself costs.
func BenchmarkRehearse(b *testing.B) {
	for b.Loop() {
		n, bytes := 0, 0
		p := rehearse(b, Config{Seed: 1, Regencies: []string{"3578"}}, func(line []byte) { n++; bytes += len(line) })
		runtime.KeepAlive(p)
		b.ReportMetric(float64(n), "acts")
		b.ReportMetric(float64(bytes)/float64(n), "bytes/act")
		b.ReportMetric(float64(p.expected()), "expected")
	}
}
