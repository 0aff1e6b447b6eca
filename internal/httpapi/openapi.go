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
	// What is common to all is a schema of its own with a field for the data, of which programs that make types of a document make the base of the others.
	base := &huma.Schema{
		Type: huma.TypeObject, Description: "What every command has; its type says which schema it has in full.", Properties: map[string]*huma.Schema{}, Required: requiredFields,
		Discriminator: &huma.Discriminator{PropertyName: "type", Mapping: map[string]string{}}, AdditionalProperties: true,
	}
	for name, field := range envelope {
		base.Properties[name] = field
	}
	kind := &huma.Schema{Type: huma.TypeString, Description: "What is asked for, or has happened."}
	base.Properties["type"], base.Properties["data"] = kind, &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Description: "As the type's own schema has it."}
	// The body is a Command that is one of its types: the first is what makers of types read, both are what validators do.
	command := &huma.Schema{Ref: "#/components/schemas/Command"}
	for _, t := range documentedCommands() {
		data := registry.Schema(reflect.TypeOf(state.NewCommand(t)).Elem(), true, schemaName(t))
		own := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}, Required: requiredFields, AdditionalProperties: false,
			AllOf: []*huma.Schema{{Ref: "#/components/schemas/Command"}}}
		for name, field := range envelope {
			own.Properties[name] = field
		}
		own.Properties["type"] = &huma.Schema{Type: huma.TypeString, Enum: []any{t}}
		own.Properties["data"] = data
		// The data's own schema is named after its Go type, which is most often the verb: the envelope must not take that name.
		name := schemaName(t) + "Command"
		registry.Map()[name] = own
		ref := "#/components/schemas/" + name
		kind.Enum = append(kind.Enum, t)
		command.OneOf = append(command.OneOf, &huma.Schema{Ref: ref})
		base.Discriminator.Mapping[t] = ref
	}
	for _, name := range []string{"ApprovalGive", "ApprovalRefuse"} { // one id may stand without the list around it
		subject := registry.Map()[name].Properties["subject"]
		*subject = huma.Schema{OneOf: []*huma.Schema{
			{Type: huma.TypeString}, {Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}},
		}, Description: "One order or shipment, or boxes; one id may stand without the list."}
	}
	registry.Map()["Command"] = base
	answer := s.schema(reflect.TypeFor[api.Answer](), "Answer")
	return &huma.Operation{
		OperationID: "send-commands", Method: http.MethodPost, Path: "/v1/commands", Summary: "Send a command, or many as NDJSON", Tags: []string{"commands"},
		Description: "A JSON object is one command. NDJSON is one command a line, any number of lines: the answers come one a line, in order, each with its " +
			"line number; one bad line does not spoil the rest. Accepted means durable. The same command sent again adds nothing and is answered duplicate.",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json":     {Schema: command, Example: exampleCommand},
			"application/x-ndjson": {Schema: lineText("Command", "at most 256 KiB each")},
		}},
		Responses: s.problemResponses(map[string]*huma.Response{"200": {
			Description: "Accepted or duplicate; for NDJSON always, with an answer a line.",
			Content: map[string]*huma.MediaType{
				"application/json":     {Schema: answer, Example: exampleAnswer},
				"application/x-ndjson": {Schema: lineText("Answer", "in the order of the commands")},
			},
		}}, "400", "401", "403", "409", "413", "415", "422", "429", "503"),
	}
}

// exampleCommand and exampleAnswer are a command and what becomes of it.
var (
	exampleCommand = map[string]any{
		"id": "018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40", "type": "need.calculate", "mode": "request", "election": "pemilu2024", "unit": "3578",
		"occurred_at": "2023-11-24T10:00:00+07:00", "data": map[string]any{},
	}
	exampleAnswer = map[string]any{
		"id": "018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40", "result": "accepted", "position": 1234,
		"events": []any{map[string]any{"id": "7f1b7c6e-2f0d-5b52-9a0e-2f1f6f4f5a3b", "type": "need.calculated"}}, "discrepancies": []any{}, "errors": []any{},
	}
)

// lineText is a text of JSON objects, one a line, each as the schema has it. To OpenAPI it is a text: with the schema of one line a program would read the first
// and lose the rest.
func lineText(schema, words string) *huma.Schema {
	ref := "#/components/schemas/" + schema
	return &huma.Schema{
		Type: huma.TypeString, Description: "Lines of JSON (NDJSON), " + words + ": each is one " + schema + ", " + ref + ".",
		Extensions: map[string]any{"x-line-schema": map[string]any{"$ref": ref}},
	}
}

// linesOf is the same of a type whose schema nothing else may have put into the document.
func (s *Server) linesOf(of reflect.Type, name string) *huma.Schema {
	s.schema(of, name)
	return lineText(name, "in the order of the log")
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
			"application/x-ndjson": {Schema: s.linesOf(reflect.TypeFor[api.Event](), "Event")},
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
			"application/x-ndjson": {Schema: lineText("NewUser", "all or none")},
		}},
		Responses: s.problemResponses(map[string]*huma.Response{"201": {Description: "Made.", Content: map[string]*huma.MediaType{
			"application/json":     {Schema: user},
			"application/x-ndjson": {Schema: lineText("User", "in the order of the accounts")},
		}}}, "400", "401", "403", "409", "413", "415", "422", "503"),
	}
}

// OpenAPI is the document that /openapi.json serves.
func (s *Server) OpenAPI() ([]byte, error) { return json.MarshalIndent(s.api.OpenAPI(), "", "  ") }
