package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// notaryMetrics are about what is signed.
type notaryMetrics struct {
	signed prometheus.Counter
	failed *prometheus.CounterVec
}

func newNotaryMetrics(registry prometheus.Registerer) notaryMetrics {
	m := notaryMetrics{
		signed: prometheus.NewCounter(prometheus.CounterOpts{Name: "jejak_notary_checkpoints_total", Help: "Checkpoints that the notary has signed."}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "jejak_notary_failures_total", Help: "Times that signing stopped to try again, or a witness did not cosign, by reason.",
		}, []string{"reason"}),
	}
	registry.MustRegister(m.signed, m.failed)
	return m
}

// NotarySigned: a checkpoint was signed.
func (t *Telemetry) NotarySigned(int64) { t.notary.signed.Inc() }

// NotaryFailed: signing stopped, or a witness did not cosign, and will be tried again.
func (t *Telemetry) NotaryFailed(reason string) { t.notary.failed.WithLabelValues(reason).Inc() }

// NotaryProgress is how far the notary is.
type NotaryProgress struct {
	Records, Signed int64  // in the tree, and under the newest checkpoint
	Position, Head  uint64 // of the last record in the tree, and of the log
	SignedAt        time.Time
	Stopped         bool // nothing is signed until somebody mends it
}

// WatchNotary makes /metrics ask how far the notary is.
func (t *Telemetry) WatchNotary(progress func() NotaryProgress) {
	t.registry.MustRegister(notaryProgress(progress))
}

// notaryProgress is a collector.
type notaryProgress func() NotaryProgress

var (
	notaryRecords  = prometheus.NewDesc("jejak_notary_records", "Records in the notary's tree.", nil, nil)
	notarySigned   = prometheus.NewDesc("jejak_notary_signed_records", "Records under the newest checkpoint.", nil, nil)
	notaryPosition = prometheus.NewDesc("jejak_notary_position", "Position of the last record in the notary's tree.", nil, nil)
	notaryHead     = prometheus.NewDesc("jejak_notary_head", "Position of the log's end when the notary last looked.", nil, nil)
	notarySignedAt = prometheus.NewDesc("jejak_notary_signed_timestamp_seconds", "When the newest checkpoint was signed, by the machine's clock.", nil, nil)
	notaryStopped  = prometheus.NewDesc("jejak_notary_stopped", "1 while nothing is signed until somebody mends it.", nil, nil)
)

// Describe is for the registry.
func (notaryProgress) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{notaryRecords, notarySigned, notaryPosition, notaryHead, notarySignedAt, notaryStopped} {
		out <- d
	}
}

// Collect is for the registry.
func (n notaryProgress) Collect(out chan<- prometheus.Metric) {
	p := n()
	gauge := func(d *prometheus.Desc, value float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
	gauge(notaryRecords, float64(p.Records))
	gauge(notarySigned, float64(p.Signed))
	gauge(notaryPosition, float64(p.Position))
	gauge(notaryHead, float64(p.Head))
	if !p.SignedAt.IsZero() {
		gauge(notarySignedAt, float64(p.SignedAt.UnixMilli())/1000)
	}
	stopped := 0.0
	if p.Stopped {
		stopped = 1
	}
	gauge(notaryStopped, stopped)
}
