package telemetry

import "github.com/prometheus/client_golang/prometheus"

// WatchUnreadable makes /metrics ask how many records of the log were met that this program cannot read.
func (t *Telemetry) WatchUnreadable(count func() int) {
	t.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "jejak_unreadable_records", Help: "Records of the log that this program cannot read: the unit of each stands still. /readyz names them.",
	}, func() float64 { return float64(count()) }))
}
