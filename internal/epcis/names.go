package epcis

import (
	"fmt"
	"net/url"
	"strings"

	"jejak/domain"
	"jejak/domain/goods"
)

// DefaultBase is where names live when nobody says: a domain that is reserved and never anybody's (RFC 2606), so the names are the same wherever an
// export is made, and lead nowhere.
const DefaultBase = "https://jejak.example/"

// Namer gives things their URIs in the forms that CBV 2.0 has for those without a GS1 company prefix: under a domain of the user's own, with obj/,
// class/, loc/ and bt/ in the path. Party is our own word beside them.
type Namer struct{ base string }

// NewNamer returns the namer under a base such as https://jejak.example/.
func NewNamer(base string) (Namer, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return Namer{}, fmt.Errorf("base %q of the names: give one like %s", base, DefaultBase)
	}
	return Namer{strings.TrimRight(base, "/") + "/"}, nil
}

// Namespace is that of our own members (jejak:...).
func (n Namer) Namespace() string { return n.base + "epcis/" }

func (n Namer) object(kind, id string) string {
	return n.base + "obj/" + kind + "/" + url.PathEscape(id)
}

// Box is the name of a box or kit.
func (n Namer) Box(id domain.BoxID) string { return n.object("box", string(id)) }

func (n Namer) boxes(ids []domain.BoxID) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = n.Box(id)
	}
	return names
}

// seal names a seal by its number in an election: a number lives once there.
func (n Namer) seal(election, number string) string {
	return n.base + "obj/seal/" + url.PathEscape(election) + "/" + url.PathEscape(number)
}

// Shipment is the name of a load: what is on one vehicle from one place to another.
func (n Namer) Shipment(id string) string { return n.object("shipment", id) }

// Class is the name of a kind of goods; of ballots their design is part of it.
func (n Namer) Class(election string, item goods.Item) string {
	name := n.base + "class/" + url.PathEscape(election) + "/" + url.PathEscape(item.Item)
	if item.Variant != "" {
		name += "/" + url.PathEscape(item.Variant)
	}
	return name
}

// Location is the name of a place: a region's office, warehouse or station by its code, or what somebody called it.
func (n Namer) Location(code string) string { return n.base + "loc/" + url.PathEscape(code) }

func (n Namer) party(code string) string { return n.base + "party/" + url.PathEscape(code) }

func (n Namer) document(kind, id string) string {
	return n.base + "bt/" + kind + "/" + url.PathEscape(id)
}
