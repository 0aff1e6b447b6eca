package access

// Routes lists the routes of the HTTP API that show a model, or do what it names.
func (m Model) Routes() []string {
	const election = "/v1/elections/{election}"
	switch m {
	case Elections:
		return []string{"GET /v1/elections", "GET " + election}
	case Regency:
		return []string{"GET " + election + "/regencies", "GET " + election + "/regencies/{code}"}
	case Supporting:
		return []string{"GET " + election + "/supporting"}
	case Plan:
		return []string{"GET " + election + "/plan/{code}"}
	case Station:
		return []string{"GET " + election + "/stations/{station}"}
	case Box:
		return []string{"GET " + election + "/boxes/{box}"}
	case Shipment:
		return []string{"GET " + election + "/shipments", "GET " + election + "/shipments/{shipment}"}
	case Custody:
		return []string{"GET " + election + "/custody", "GET " + election + "/custody/{code}"}
	case Deadlines:
		return []string{"GET " + election + "/deadlines", "GET " + election + "/deadlines/{code}"}
	case Claims:
		return []string{"GET " + election + "/claims", "GET " + election + "/claims/{code}"}
	case Seals:
		return []string{"GET " + election + "/seals/{seal}"}
	case Discrepancies:
		return []string{"GET " + election + "/discrepancies", "GET " + election + "/approvals"}
	case Minutes:
		return []string{"GET " + election + "/handoffs/{handoff}/bast.pdf"}
	case Events:
		return []string{"GET /v1/events", "GET /v1/events/{id}/proof", "GET /v1/bundle"}
	case History:
		return []string{"GET " + election + "/timelines/{kind}/{id}", "GET " + election + "/diff/{code}", "GET " + election + "/believed/{code}", "GET " + election + "/replay"}
	case Feed:
		return []string{"POST /v1/feed/consumers"}
	case ReadClock:
		return []string{"GET /v1/clock"}
	case SetClock:
		return []string{"POST /v1/clock"}
	case AcceptClock:
		return []string{"POST /v1/clock/accept"}
	case Accounts:
		return []string{"POST /v1/users", "DELETE /v1/users/{id}", "POST /v1/users/{id}/forget"}
	case FeedRebuild:
		return []string{"POST /v1/feed/rebuild"}
	case Reads:
		return []string{"GET /v1/access"}
	case Backup:
		return []string{"POST /v1/backup"}
	}
	return nil
}
