package feed

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"
)

// contract has the schemas of the AsyncAPI document.
type contract struct{ headers, event, shipment, incident *jsonschema.Schema }

func readContract(t *testing.T) contract {
	t.Helper()
	var tree map[string]any
	if err := yaml.Unmarshal(AsyncAPI(), &tree); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	const url = "https://jejak.invalid/asyncapi.json"
	if err := c.AddResource(url, whole); err != nil {
		t.Fatal(err)
	}
	of := func(name string) *jsonschema.Schema {
		s, err := c.Compile(url + "#/components/schemas/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return contract{of("headers"), of("event"), of("policeShipment"), of("policeIncident")}
}

func (c contract) check(m *Message) error {
	headers := map[string]any{}
	for _, h := range m.Headers {
		headers[h.Name] = h.Value
	}
	if err := c.headers.Validate(headers); err != nil {
		return err
	}
	body, err := jsonschema.UnmarshalJSON(bytes.NewReader(m.Body))
	if err != nil {
		return err
	}
	token := strings.Split(m.Subject, ".")
	switch {
	case !strings.HasPrefix(token[2], "P"):
		return c.event.Validate(body)
	case token[3] == EntityShipment:
		return c.shipment.Validate(body)
	}
	return c.incident.Validate(body)
}

// TestMessagesKeepTheContract: every message is as the AsyncAPI document says.
func TestMessagesKeepTheContract(t *testing.T) {
	c := readContract(t)
	rapid.Check(t, func(t *rapid.T) {
		router := NewRouter()
		_, records := aLedger(t)
		for i := range records {
			records[i].Simulated = rapid.Bool().Draw(t, "simulated")
			messages, err := router.Messages(&records[i])
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range messages {
				if err := c.check(&m); err != nil {
					t.Fatalf("%s %s: %v", m.Subject, m.Body, err)
				}
			}
		}
	})
}

// TestTheContractIsStrict: a message with more than the document has, or less, does not keep it.
func TestTheContractIsStrict(t *testing.T) {
	c := readContract(t)
	head := []Header{
		{HeaderSpecVersion, "1.0"}, {HeaderID, "x"}, {HeaderType, "jejak.shipment.arrived.v1"}, {HeaderSource, "/jejak/pemilu2024/3578"}, {HeaderSubject, "shipment/SHP-3578-1"},
		{HeaderTime, "2024-02-12T06:00:00Z"}, {HeaderSequence, "7"}, {HeaderContentType, "application/json"}, {HeaderMessageID, "x.P3578A"},
	}
	body := `{"unit":"3578","occurred_at":"2024-02-12T13:00:00+07:00","recorded_at":"2024-02-12T06:00:00Z","mode":"report","data":{"shipment":"SHP-3578-1","event":"arrived","state":"arrived","boxes":5,"kits":1}}`
	good := Message{Subject: "jejak.pemilu2024.P3578A.shipment.SHP-3578-1.arrived", Headers: head, Body: []byte(body)}
	if err := c.check(&good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(m *Message){
		"seals":     func(m *Message) { m.Body = []byte(strings.Replace(body, `"kits"`, `"seals":["S1"],"kits"`, 1)) },
		"actor":     func(m *Message) { m.Body = []byte(strings.Replace(body, `"mode"`, `"actor":{"id":"usr-1"},"mode"`, 1)) },
		"no state":  func(m *Message) { m.Body = []byte(strings.Replace(body, `"state":"arrived",`, ``, 1)) },
		"header":    func(m *Message) { m.Headers = append(slices.Clone(head), Header{"Who", "Budi"}) },
		"no header": func(m *Message) { m.Headers = head[1:] },
		"time":      func(m *Message) { m.Body = []byte(strings.Replace(body, `06:00:00Z`, `06:00`, 1)) },
	} {
		m := good
		if change(&m); c.check(&m) == nil {
			t.Errorf("%s: it keeps the contract: %s", name, m.Body)
		}
	}
}

// TestTheContractNamesTheEntities that there are.
func TestTheContractNamesTheEntities(t *testing.T) {
	var doc struct {
		AsyncAPI string
		Channels map[string]struct {
			Parameters map[string]struct{ Enum []string }
		}
	}
	if err := yaml.Unmarshal(AsyncAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	if got := doc.Channels["region"].Parameters["entity"].Enum; !slices.Equal(got, Entities()) || doc.AsyncAPI != "3.0.0" {
		t.Errorf("%v", got)
	}
}
