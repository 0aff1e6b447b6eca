package epcistest_test

import (
	"strings"
	"testing"

	"jejak/internal/epcis/epcistest"
)

// The schema would say so.
func TestValidate(t *testing.T) {
	const good = `{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",{"jejak":"https://jejak.example/epcis/"}],
		"type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2024-02-13T00:00:00Z","epcisBody":{"eventList":[
		{"type":"ObjectEvent","action":"OBSERVE","eventTime":"2024-02-13T06:45:00+07:00","eventTimeZoneOffset":"+07:00","bizStep":"departing","epcList":["https://jejak.example/obj/box/1"]}]}}`
	for name, change := range map[string][2]string{
		"good": {}, "step": {"departing", "leaving"}, "time": {"2024-02-13T06:45:00+07:00", "2024-02-13 06:45"}, "offset": {`"+07:00"`, `"WIB"`},
		"action": {"OBSERVE", "SEE"}, "member": {`"epcList"`, `"boxes":[],"epcList"`}, "uri": {"https://jejak.example/obj/box/1", "box 1"},
		"step of GS1's own": {"departing", "https://ns.gs1.org/cbv/BizStep-departing"}, "type": {"ObjectEvent", "AggregationEvent"},
		"date": {`"creationDate":"2024-02-13T00:00:00Z",`, ""},
	} {
		if err := epcistest.Validate(strings.NewReader(strings.Replace(good, change[0], change[1], 1))); (err == nil) != (name == "good") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
