package telemetry

import "github.com/prometheus/client_golang/prometheus"

// WatchLimits makes /metrics ask how much of every limit is taken, how much may be (0 for a rate), and how often it was reached.
func (t *Telemetry) WatchLimits(watch func(report func(limit string, taken, most int, reached uint64))) {
	t.registry.MustRegister(limits(watch))
}

// limits is a collector of what people share.
type limits func(report func(limit string, taken, most int, reached uint64))

var (
	limitTaken   = prometheus.NewDesc("jejak_limit_taken", "How much of a limit is taken at present, by everybody together.", []string{"limit"}, nil)
	limitMost    = prometheus.NewDesc("jejak_limit_most", "How much everybody together may take at once; none where there is no such bound.", []string{"limit"}, nil)
	limitReached = prometheus.NewDesc("jejak_limit_reached_total", "How often somebody was refused, or had to make room, because a limit was reached.",
		[]string{"limit"}, nil)
)

// Describe is for the registry.
func (limits) Describe(out chan<- *prometheus.Desc) {
	out <- limitTaken
	out <- limitMost
	out <- limitReached
}

// Collect is for the registry.
func (l limits) Collect(out chan<- prometheus.Metric) {
	l(func(limit string, taken, most int, reached uint64) {
		out <- prometheus.MustNewConstMetric(limitTaken, prometheus.GaugeValue, float64(taken), limit)
		if most > 0 {
			out <- prometheus.MustNewConstMetric(limitMost, prometheus.GaugeValue, float64(most), limit)
		}
		out <- prometheus.MustNewConstMetric(limitReached, prometheus.CounterValue, float64(reached), limit)
	})
}
