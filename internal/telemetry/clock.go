package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// WatchClock makes /metrics say how far the clock was from the newest record at the start, and ask by how much it was set since, if it is not believed.
func (t *Telemetry) WatchClock(gap time.Duration, step func() time.Duration) {
	t.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "jejak_clock_start_gap_seconds", Help: "How long after the newest record the server was started, by its clock; negative: before it.",
	}, func() float64 { return gap.Seconds() }), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "jejak_clock_step_seconds", Help: "By how much the machine's clock was set at once, while it is not believed; 0: it is. Commands are refused meanwhile.",
	}, func() float64 { return step().Seconds() }))
}
