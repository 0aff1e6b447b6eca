package envelope

import (
	"strconv"

	jsonv2 "github.com/go-json-experiment/json"

	"jejak/domain"
)

// decodePlain reads a command in the canonical form that appendCanonical has written: no spaces, no escapes, no name twice. That makes the
// envelope a matter of finding the commas; the general decoder is for the data, to which the type of the command gives its form. It fails for
// everything that is not as it should be, which diagnose looks at. A test holds it equal to decode.
func decodePlain(canonical []byte, w *wire) (domain.Command, error) {
	var text []byte
	err := eachMember(canonical, func(name, value []byte) error {
		if string(name) == "data" {
			text = value
			return nil
		}
		return w.member(name, value)
	})
	if err != nil {
		return nil, err
	}
	data := newCommand(w.Type)
	if data == nil || len(text) == 0 {
		return nil, errNotPlain
	}
	return data, jsonv2.Unmarshal(text, data, strict)
}

// member reads one member but the data.
func (w *wire) member(name, value []byte) error {
	switch string(name) {
	case "id":
		return plainText(&w.ID, value)
	case "type":
		return plainText(&w.Type, value)
	case "mode":
		return plainText(&w.Mode, value)
	case "election":
		return plainText(&w.Election, value)
	case "unit":
		return plainText(&w.Unit, value)
	case "occurred_at":
		return plainText(&w.OccurredAt, value)
	case "device":
		w.Device = &wireDevice{}
		return eachMember(value, w.Device.member)
	case "place":
		w.Place = &wirePlace{}
		return eachMember(value, w.Place.member)
	case "evidence":
		return jsonv2.Unmarshal(value, &w.Evidence, strict)
	case "signature":
		return jsonv2.Unmarshal(value, &w.Signature, strict)
	}
	return errNotPlain
}

func (d *wireDevice) member(name, value []byte) (err error) {
	switch string(name) {
	case "id":
		return plainText(&d.ID, value)
	case "seq":
		d.Seq = new(int64)
		*d.Seq, err = strconv.ParseInt(string(value), 10, 64)
		return err
	}
	return errNotPlain
}

func (p *wirePlace) member(name, value []byte) error {
	f, err := strconv.ParseFloat(string(value), 64)
	switch string(name) {
	case "lat":
		p.Lat = &f
	case "lon":
		p.Lon = &f
	case "accuracy":
		p.Accuracy = f
	default:
		return errNotPlain
	}
	return err
}

func plainText(into *string, value []byte) error {
	if value[0] != '"' {
		return errNotPlain
	}
	*into = string(value[1 : len(value)-1])
	return nil
}

// eachMember goes through an object in canonical form.
func eachMember(object []byte, member func(name, value []byte) error) error {
	if object[0] != '{' {
		return errNotPlain
	}
	for rest := object[1:]; rest[0] != '}'; {
		name, value, ok := plainString(rest)
		if !ok {
			return errNotPlain
		}
		value = value[1:] // after the colon
		end := valueEnd(value)
		if err := member(name[1:len(name)-1], value[:end]); err != nil {
			return err
		}
		if rest = value[end:]; rest[0] == ',' {
			rest = rest[1:]
		}
	}
	return nil
}

// valueEnd is the length of the value at the beginning: up to the comma or bracket after it. In canonical form every bracket has its other.
func valueEnd(in []byte) int {
	for i, depth := 0, 0; ; i++ {
		switch in[i] {
		case '"':
			for i++; in[i] != '"'; i++ {
			}
		case '{', '[':
			depth++
		case '}', ']', ',':
			if depth == 0 {
				return i
			}
			if in[i] != ',' {
				depth--
			}
		}
	}
}
