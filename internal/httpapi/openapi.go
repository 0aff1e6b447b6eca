package httpapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"jejak/domain/ledger"
	"jejak/internal/access"
	"jejak/internal/api"
)

// documentedCommands are the command types that a token may send and the ledger knows.
func documentedCommands() []string {
	state := ledger.New("", "", nil)
	var types []string
	for _, t := range access.CommandTypes() {
		if state.NewCommand(t) != nil && access.Sendable(t) {
			types = append(types, t)
		}
	}
	return types
}

// describeStreams puts into the document what huma does not serve.
func (s *Server) describeStreams() {
	doc := s.api.OpenAPI()
	doc.AddOperation(s.describeCommands())
	doc.AddOperation(s.describeEvents())
	doc.AddOperation(s.describeReplay())
	doc.AddOperation(s.describeBundle())
	doc.AddOperation(s.describeUsers())
	doc.AddOperation(s.describeFeedRebuild())
	doc.AddOperation(s.describeBackup())
	for _, op := range s.describeNotary() {
		doc.AddOperation(op)
	}
	doc.AddOperation(&huma.Operation{
		OperationID: "metrics", Method: http.MethodGet, Path: "/metrics", Summary: "Metrics in the Prometheus text format", Tags: []string{"server"},
		Security: []map[string][]string{{}}, Responses: map[string]*huma.Response{"200": {Description: "OK", Content: textContent("text/plain")}},
	})
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Delete} {
			if op != nil {
				s.describeRefusals(op)
			}
		}
	}
}

// describeRefusals adds the answers that every request may get: before its handler sees it, or because the server itself is broken.
func (s *Server) describeRefusals(op *huma.Operation) {
	s.problemResponses(op.Responses, "422", "500") // 422: see wholeQuery
	if op.Security == nil {
		s.problemResponses(op.Responses, "401", "429", "503") // 503: a read that must be recorded and cannot be
	}
	if op.RequestBody != nil {
		s.problemResponses(op.Responses, "400", "408", "413", "415")
	}
}

func textContent(kind string) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{kind: {Schema: &huma.Schema{Type: huma.TypeString}}}
}

func (s *Server) schema(of reflect.Type, hint string) *huma.Schema {
	return s.api.OpenAPI().Components.Schemas.Schema(of, true, hint)
}

// problemResponses are the answers that are no success.
func (s *Server) problemResponses(into map[string]*huma.Response, statuses ...string) map[string]*huma.Response {
	details := s.schema(detailsType, "Details")
	for _, status := range statuses {
		code := 0
		for _, d := range status {
			code = code*10 + int(d-'0')
		}
		into[status] = &huma.Response{
			Description: http.StatusText(code), Content: map[string]*huma.MediaType{"application/problem+json": {Schema: details}},
		}
	}
	return into
}

// describeCommands describes the envelope once for every command type, told apart by its type.
func (s *Server) describeCommands() *huma.Operation {
	registry := s.api.OpenAPI().Components.Schemas
	state := ledger.New("", "", nil)
	envelope := envelopeFields(s)
	union := &huma.Schema{Discriminator: &huma.Discriminator{PropertyName: "type", Mapping: map[string]string{}}}
	for _, t := range documentedCommands() {
		data := registry.Schema(reflect.TypeOf(state.NewCommand(t)).Elem(), true, schemaName(t))
		own := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}, Required: requiredFields, AdditionalProperties: false}
		for name, field := range envelope {
			own.Properties[name] = field
		}
		own.Properties["type"] = &huma.Schema{Type: huma.TypeString, Enum: []any{t}}
		own.Properties["data"] = data
		// The data's own schema is named after its Go type, which is most often the verb: the envelope must not take that name.
		name := schemaName(t) + "Command"
		registry.Map()[name] = own
		ref := "#/components/schemas/" + name
		union.OneOf = append(union.OneOf, &huma.Schema{Ref: ref})
		union.Discriminator.Mapping[t] = ref
	}
	for _, name := range []string{"ApprovalGive", "ApprovalRefuse"} { // one id may stand without the list around it
		subject := registry.Map()[name].Properties["subject"]
		*subject = huma.Schema{OneOf: []*huma.Schema{
			{Type: huma.TypeString}, {Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}},
		}, Description: "One order or shipment, or boxes; one id may stand without the list."}
	}
	registry.Map()["Command"] = union
	command := &huma.Schema{Ref: "#/components/schemas/Command"}
	answer := s.schema(reflect.TypeFor[api.Answer](), "Answer")
	return &huma.Operation{
		OperationID: "send-commands", Method: http.MethodPost, Path: "/v1/commands", Summary: "Send a command, or many as NDJSON", Tags: []string{"commands"},
		Description: "A JSON object is one command. NDJSON is one command a line, any number of lines: the answers come one a line, in order, each with its " +
			"line number; one bad line does not spoil the rest. Accepted means durable. The same command sent again adds nothing and is answered duplicate.",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json":     {Schema: command},
			"application/x-ndjson": {Schema: &huma.Schema{Type: huma.TypeString, Description: "One command a line, at most 256 KiB each."}},
		}},
		Responses: s.problemResponses(map[string]*huma.Response{"200": {
			Description: "Accepted or duplicate; for NDJSON always, with an answer a line.",
			Content: map[string]*huma.MediaType{
				"application/json":     {Schema: answer},
				"application/x-ndjson": {Schema: &huma.Schema{Type: huma.TypeString, Description: "One Answer a line."}},
			},
		}}, "400", "401", "403", "409", "413", "415", "422", "429", "503"),
	}
}

var requiredFields = []string{"id", "type", "mode", "election", "unit", "occurred_at", "data"}

// envelopeFields are the fields that every command has, but type and data.
func envelopeFields(s *Server) map[string]*huma.Schema {
	text := func(doc string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: doc} }
	id := text("UUIDv7, made by the client: the command's identity for life.")
	id.Format = "uuid"
	occurred := text("The device's clock, RFC 3339 with offset.")
	occurred.Format = "date-time"
	unit := text("Work unit whose ledger it is: region code of 2 or 4 digits.")
	unit.Pattern = "^[0-9]{2}([0-9]{2})?$"
	return map[string]*huma.Schema{
		"id":          id,
		"mode":        {Type: huma.TypeString, Enum: []any{"request", "report"}, Description: "request: may I? report: it has happened."},
		"election":    text("Such as pemilu2024."),
		"unit":        unit,
		"occurred_at": occurred,
		"device":      s.schema(reflect.TypeFor[api.Device](), "Device"),
		"place":       s.schema(reflect.TypeFor[api.Place](), "Place"),
		"evidence":    {Type: huma.TypeArray, Items: s.schema(reflect.TypeFor[api.Evidence](), "Evidence")},
		"signature":   s.schema(reflect.TypeFor[api.Signature](), "Signature"),
	}
}

// schemaName is a command type in the form of a schema's name: ShipmentDispatch for shipment.dispatch.
func schemaName(commandType string) string {
	var name strings.Builder
	for part := range strings.FieldsFuncSeq(commandType, func(r rune) bool { return r == '.' || r == '_' }) {
		name.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return name.String()
}

func (s *Server) describeEvents() *huma.Operation {
	op := &huma.Operation{
		OperationID: "list-events", Method: http.MethodGet, Path: "/v1/events", Summary: "The log: NDJSON, or server-sent events that go on",
		Tags: []string{"events"},
		Description: "With Accept: text/event-stream the stream goes on with what comes; the id of an event is its position, and Last-Event-ID goes on after it. Where the log was restored, ids and after are EPOCH:POSITION, the header Jejak-Epoch says which, and a place that the log does not have any more is 410. " +
			"Otherwise what is there now, one event a line.",
		Responses: s.problemResponses(map[string]*huma.Response{"200": {Description: "One Event a line.", Content: map[string]*huma.MediaType{
			"application/x-ndjson": {Schema: s.schema(reflect.TypeFor[api.Event](), "Event")},
			"text/event-stream":    {Schema: &huma.Schema{Type: huma.TypeString}},
		}}}, "400", "401", "403", "410", "503"),
	}
	for _, p := range eventParameters {
		op.Parameters = append(op.Parameters, &huma.Param{Name: p.name, In: "query", Description: p.doc, Schema: &huma.Schema{Type: huma.TypeString}})
	}
	op.Parameters = append(op.Parameters, &huma.Param{
		Name: "Last-Event-ID", In: "header", Description: "Id of the event after which to go on: its position, and behind EPOCH: where the log was restored. 410: it is of another history of the log.", Schema: &huma.Schema{Type: huma.TypeString},
	})
	return op
}

func (s *Server) describeReplay() *huma.Operation {
	op := &huma.Operation{
		OperationID: "replay", Method: http.MethodGet, Path: "/v1/elections/{election}/replay", Summary: "A part of history played again, as server-sent events",
		Tags: []string{"history"},
		Description: "Events in the order and pace in which they were recorded. The id of an event is its position, and Last-Event-ID goes on after it. An event " +
			"named clock says where a long silence is, one named end is the last. At most two at once for each user.",
		Parameters: []*huma.Param{{Name: "election", In: "path", Required: true, Description: "Such as pemilu2024.", Schema: &huma.Schema{Type: huma.TypeString}}},
		Responses: s.problemResponses(map[string]*huma.Response{"200": {Description: "Each with an Event as its data.", Content: textContent("text/event-stream")}},
			"401", "403", "404", "410", "422", "429", "503"),
	}
	for _, p := range replayParameters {
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: p.name, In: "query", Required: p.name == "from" || p.name == "to", Description: p.doc, Schema: &huma.Schema{Type: huma.TypeString},
		})
	}
	op.Parameters = append(op.Parameters, &huma.Param{
		Name: "Last-Event-ID", In: "header", Description: "Id of the event after which to go on: its position, and behind EPOCH: where the log was restored. 410: it is of another history of the log.", Schema: &huma.Schema{Type: huma.TypeString},
	})
	return op
}

func (s *Server) describeUsers() *huma.Operation {
	user := s.schema(reflect.TypeFor[api.User](), "User")
	return &huma.Operation{
		OperationID: "add-users", Method: http.MethodPost, Path: "/v1/users", Summary: "Make an account, or many as NDJSON: all or none",
		Tags:        []string{"accounts"},
		Description: "The token is shown this once. With NDJSON one account a line, and everything that is wrong is listed with its line.",
		Parameters: []*huma.Param{{
			Name: "import", In: "query", Description: "Key of a list, such as a hash of it: a list whose key was used before is refused with 409, so that it makes nobody twice.",
			Schema: &huma.Schema{Type: huma.TypeString, Pattern: importKeyForm.String()},
		}},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json":     {Schema: s.schema(reflect.TypeFor[api.NewUser](), "NewUser")},
			"application/x-ndjson": {Schema: &huma.Schema{Type: huma.TypeString, Description: "One NewUser a line."}},
		}},
		Responses: s.problemResponses(map[string]*huma.Response{"201": {Description: "Made.", Content: map[string]*huma.MediaType{
			"application/json":     {Schema: user},
			"application/x-ndjson": {Schema: &huma.Schema{Type: huma.TypeString, Description: "One User a line."}},
		}}}, "400", "401", "403", "409", "413", "415", "422", "503"),
	}
}

// OpenAPI is the document that /openapi.json serves.
func (s *Server) OpenAPI() ([]byte, error) { return json.MarshalIndent(s.api.OpenAPI(), "", "  ") }
