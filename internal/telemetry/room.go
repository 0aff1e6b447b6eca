package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Room shows what room the log has: bytes that are free on the disk of the data directory, and bytes of the log's write-ahead log. Both are asked at each scrape.
func (t *Telemetry) Room(free, writeAhead func() float64) {
	t.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "jejak_disk_free_bytes", Help: "Bytes that are free for the server on the disk of the data directory.",
	}, free), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "jejak_log_wal_bytes", Help: "Bytes of the write-ahead log beside events.db. It grows while another program reads.",
	}, writeAhead))
}
