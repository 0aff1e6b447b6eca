package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"jejak/eventstore"
)

// viewMetrics are about the rows in views.db.
type viewMetrics struct {
	rows    prometheus.Counter
	seconds prometheus.Histogram
	failed  *prometheus.CounterVec
}

func newViewMetrics(registry prometheus.Registerer) viewMetrics {
	m := viewMetrics{
		rows: prometheus.NewCounter(prometheus.CounterOpts{Name: "jejak_view_rows_total", Help: "Rows of views that were made and saved."}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "jejak_view_row_duration_seconds", Help: "Time that a ledger was held to make the rows of its unit.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 12),
		}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "jejak_view_failures_total", Help: "Times that a view could not make the row of a unit.",
		}, []string{"view"}),
	}
	registry.MustRegister(m.rows, m.seconds, m.failed)
	return m
}

// ViewSaved: the rows of a unit were saved.
func (t *Telemetry) ViewSaved(rows int, took time.Duration) {
	t.views.rows.Add(float64(rows))
	t.views.seconds.Observe(took.Seconds())
}

// ViewFailed: a view of a unit stands still and will be tried again.
func (t *Telemetry) ViewFailed(view string) { t.views.failed.WithLabelValues(view).Inc() }

// ViewLag reports how far a view is: the position up to which everything is in its rows, that of the newest record of a ledger, how long the oldest
// record that is not in them has waited, and for how many units it stands still.
type ViewLag func(view string, position, head eventstore.Position, oldest time.Duration, stopped int)

// WatchViews makes /metrics ask how far each view is.
func (t *Telemetry) WatchViews(lags func(ViewLag)) { t.registry.MustRegister(viewLags(lags)) }

// viewLags is a collector.
type viewLags func(ViewLag)

var (
	viewPosition = prometheus.NewDesc("jejak_view_position", "Position up to which every record of a ledger is in the view.", []string{"view"}, nil)
	viewHead     = prometheus.NewDesc("jejak_view_head", "Position of the newest record of a ledger that the view has seen.", []string{"view"}, nil)
	viewOldest   = prometheus.NewDesc("jejak_view_oldest_seconds", "How long the oldest record that is not in the view has waited.", []string{"view"}, nil)
	viewStopped  = prometheus.NewDesc("jejak_view_stopped_units", "Units for which the view stands still.", []string{"view"}, nil)
)

// Describe is for the registry.
func (viewLags) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{viewPosition, viewHead, viewOldest, viewStopped} {
		out <- d
	}
}

// Collect is for the registry.
func (v viewLags) Collect(out chan<- prometheus.Metric) {
	v(func(view string, position, head eventstore.Position, oldest time.Duration, stopped int) {
		gauge := func(d *prometheus.Desc, value float64) {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, view)
		}
		gauge(viewPosition, float64(position))
		gauge(viewHead, float64(head))
		gauge(viewOldest, oldest.Seconds())
		gauge(viewStopped, float64(stopped))
	})
}
