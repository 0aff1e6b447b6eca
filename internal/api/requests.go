package api

// NewUser asks for an account (POST /v1/users).
type NewUser struct {
	Role    string `json:"role" doc:"One of the roles of the system, such as operator or district."`
	Scope   string `json:"scope" doc:"Region code of 2, 4, 6, 10 or 13 digits, or a police unit such as P3578A for an escort."`
	Party   string `json:"party,omitempty" doc:"Firm of a supplier or carrier, as the supplier of its orders or the carrier of its shipments is written: 1 to 40 letters, digits and dashes."`
	Name    string `json:"name,omitempty" doc:"Kept in people.db only; never in events or logs."`
	Phone   string `json:"phone,omitempty" doc:"Kept in people.db only; never in events or logs."`
	Expires string `json:"expires,omitempty" doc:"RFC 3339 time with offset after which the token is bad."`
	ID      string `json:"id,omitempty" doc:"Only in a simulated data directory."`
	// TokenSHA256 is in hexadecimal digits.
	TokenSHA256 string `json:"token_sha256,omitempty" doc:"Only in a simulated data directory: SHA-256 of the token, hexadecimal."`
}

// User is an account. Token is shown once, when the account is made.
type User struct {
	ID      string `json:"id"`
	Role    string `json:"role"`
	Scope   string `json:"scope"`
	Party   string `json:"party,omitempty" doc:"Firm of a supplier or carrier; none when the account names none."`
	Expires string `json:"expires,omitempty"`
	Revoked string `json:"revoked,omitempty"`
	Token   string `json:"token,omitempty"`
	Line    int    `json:"line,omitempty" doc:"In a bulk import: the line that asked for it, from 1."`
}

// Forgotten is the answer to POST /v1/users/{id}/forget.
type Forgotten struct {
	ID        string `json:"id"`
	Role      string `json:"role"`
	Scope     string `json:"scope"`
	Forgotten string `json:"forgotten" doc:"Since when."`
	Already   bool   `json:"already" doc:"The person was forgotten before; nothing was done."`
}

// KeptRead is a line of GET /v1/access: a request of somebody who only looks on.
type KeptRead struct {
	Seq      int64  `json:"seq"`
	Request  string `json:"request" doc:"Random id of the request."`
	Part     string `json:"part" enum:"whole,begun,ended" doc:"Whether it is all of the request, its beginning while it lasted, or its end."`
	At       string `json:"at" doc:"When it came, by the machine's clock."`
	User     string `json:"user"`
	Role     string `json:"role"`
	Scope    string `json:"scope"`
	Method   string `json:"method"`
	Route    string `json:"route"`
	Path     string `json:"path"`
	Query    string `json:"query"`
	Unit     string `json:"unit,omitempty" doc:"That it was about."`
	Status   int    `json:"status" doc:"0 of one that had only begun."`
	Bytes    int64  `json:"bytes"`
	Position uint64 `json:"position,omitempty" doc:"Up to which the answer counted, where it said so."`
}

// Clock is the server's time (GET and POST /v1/clock).
type Clock struct {
	Now       string `json:"now" doc:"RFC 3339 with offset."`
	Simulated bool   `json:"simulated" doc:"The clock is driven, and everything recorded is a simulation."`
	Settled   *bool  `json:"settled,omitempty" doc:"Of a driven clock: all that follows from this time and from what was recorded (deadlines, deliveries between units, seals in two units) is recorded too."`
	Machine   string `json:"machine,omitempty" doc:"What the machine's clock says (UTC), while it is not believed because it was set by more than a day at once; now goes on meanwhile from the time before. See POST /v1/clock/accept."`
}

// ClockAccepted is the answer to POST /v1/clock/accept.
type ClockAccepted struct {
	Accepted bool   `json:"accepted" doc:"The clock had been set by more than a day and is believed from now on; false: there was nothing to accept, and nothing was done."`
	Before   string `json:"before" doc:"The server's time until then: RFC 3339 (UTC)."`
	Now      string `json:"now" doc:"The server's time from now on: RFC 3339 (UTC)."`
}

// SetClock drives the clock of a simulated data directory forward.
type SetClock struct {
	Now string `json:"now" doc:"RFC 3339 with offset, not before the present time."`
}

// FeedQuery asks for a consumer of the feed over NATS (POST /v1/feed/consumers).
type FeedQuery struct {
	Areas    []string `json:"areas,omitempty" maxItems:"64" doc:"Region codes or police units, such as 3578 or P3578A; none: all that you may hear."`
	Shipment string   `json:"shipment,omitempty" doc:"Only the events of this shipment itself."`
	Since    string   `json:"since,omitempty" doc:"last (as when it is not given): what comes from now on; a time (RFC 3339): what was recorded from then on, perhaps a little before too; a position of the log: what comes after it."`
	InMemory bool     `json:"in_memory,omitempty" doc:"It ends with the server, to which it costs half as much: for who knows how far he is and asks again, as jejak watch does."`
}

// FeedConsumer is a consumer that was made.
type FeedConsumer struct {
	Stream   string   `json:"stream"`
	Consumer string   `json:"consumer" doc:"Pull with it; it goes away after ten minutes without a pull."`
	Subjects []string `json:"subjects" doc:"What it delivers."`
	Position uint64   `json:"position" doc:"Everything after this position is delivered, as far as the feed still has it."`
	Oldest   uint64   `json:"oldest,omitempty" doc:"The feed begins only here: what is between position and this is read over HTTP."`
}

// Health is the answer of /livez and /readyz.
type Health struct {
	Status   string   `json:"status"` // "ok" or "not ready"
	Version  string   `json:"version"`
	Problems []string `json:"problems,omitempty"`
	// Warnings say what somebody should see to while everything goes on: they are no reason to be not ready. Only /readyz has them.
	Warnings []string `json:"warnings,omitempty"`
	// Views says how far each read model is; it is no reason to be not ready. Only /readyz has it.
	Views []ViewHealth `json:"views,omitempty"`
	// Unreadable names records that this program cannot read: their units stand still, which is no reason to be not ready. Only /readyz has it.
	Unreadable []UnreadableRecord `json:"unreadable,omitempty"`
}

// UnreadableRecord is a record of the log that this program cannot read.
type UnreadableRecord struct {
	Stream   string `json:"stream" doc:"Such as ledger-pemilu2024.3578: the unit that stands still."`
	Version  uint64 `json:"version" doc:"In its stream."`
	Position uint64 `json:"position"`
	ID       string `json:"id"`
	Type     string `json:"type"`
	Schema   int    `json:"schema"`
	Reason   string `json:"reason"`
}

// ViewHealth is how far a read model is.
type ViewHealth struct {
	View     string  `json:"view"`
	Position uint64  `json:"position" doc:"Everything of the ledgers up to here is in its rows."`
	Head     uint64  `json:"head" doc:"Of the newest record of a ledger that it has seen."`
	Oldest   float64 `json:"oldest_seconds" doc:"How long the oldest record that is not in its rows has waited; 0 for none."`
	Stopped  int     `json:"stopped_units" doc:"Units for which it stands still; problems says why."`
	Building bool    `json:"building,omitempty" doc:"A new version is being made; the rows of the old one are kept until it is complete."`
}

// FeedRebuild is a line of the answer to POST /v1/feed/rebuild: the feed is published again up to Position of To. The last line has Done or Error.
type FeedRebuild struct {
	Position uint64 `json:"position"`
	To       uint64 `json:"to"`
	Done     bool   `json:"done,omitempty"`
	Error    string `json:"error,omitempty"`
}

// EventProof is the proof of an event with its record (GET /v1/events/{id}/proof).
type EventProof struct {
	Leaf   int64  `json:"leaf" doc:"Place of the record in the notary's tree, from 0."`
	Size   int64  `json:"size" doc:"Records under the checkpoint of the proof."`
	Record string `json:"record" doc:"The record as a line of a bundle: JSON whose data and metadata are byte for byte those of the log."`
	Proof  string `json:"proof" doc:"The proof as C2SP tlog-proof writes it."`
}
