package simulation

import (
	"context"
	"fmt"

	"jejak/internal/client"
)

// cast are the people of a regency who are not a committee or a crew.
type cast struct {
	desk       person // of the province, for this regency
	operator   person // Silog operator of the regency
	officer    person // commitment officer (Pejabat Pembuat Komitmen)
	supplier   person
	printer    person
	storekeeps []person // warehouse: count, sort, pack, seal, load
	checkers   []person
	drivers    []person
	supervisor person   // Bawaslu
	units      []string // police units
	escorts    []person // of the police units, in turn
}

// The firms of the play, as the accounts of their people and their orders and shipments name them.
const (
	goodsFirm   = "penyedia-katalog"
	ballotFirm  = "percetakan"
	carrierFirm = "CV-ANGKUT"
)

const (
	storekeepers   = 12
	checkersNumber = 4
	driversNumber  = 24
	escortsPerUnit = 8
)

// assign gives a regency its people.
func (r *regency) assign(seed uint64, police []string) {
	one := func(role, name string) person { return newPerson(seed, role, r.code, name) }
	r.cast = &cast{
		desk: newPerson(seed, "province", "35", "desk "+r.code), operator: one("operator", ""), officer: one("commitment_officer", ""),
		supplier: one("supplier", "goods"), printer: one("supplier", "ballots"), supervisor: one("supervisor", ""), units: police,
	}
	r.supplier.party, r.printer.party = goodsFirm, ballotFirm
	many := func(n int, role string) []person {
		list := make([]person, n)
		for i := range list {
			list[i] = one(role, fmt.Sprint(i))
		}
		return list
	}
	r.storekeeps, r.checkers, r.drivers = many(storekeepers, "warehouse"), many(checkersNumber, "checker"), many(driversNumber, "carrier")
	for i := range r.drivers {
		r.drivers[i].party = carrierFirm
	}
	for i := range escortsPerUnit * len(police) {
		r.escorts = append(r.escorts, newPerson(seed, "escort", police[i%len(police)], fmt.Sprint(i)))
	}
	for _, d := range r.districts {
		d.people = newPerson(seed, "district", d.code, "")
	}
	for _, v := range r.villages {
		v.people = newPerson(seed, "village", v.code, "")
	}
	for _, s := range r.stations {
		s.crew = newPerson(seed, "station", s.code, "")
	}
}

// escort is somebody of a police unit.
func (r *regency) escort(unit string, n int) *person {
	for i := range r.units {
		if r.units[i] == unit {
			return &r.escorts[(n*len(r.units)+i)%len(r.escorts)]
		}
	}
	return &r.escorts[n%len(r.escorts)]
}

func (r *regency) storekeeper(n int) *person { return &r.storekeeps[n%len(r.storekeeps)] }
func (r *regency) checker(n int) *person     { return &r.checkers[n%len(r.checkers)] }
func (r *regency) driver(n int) *person      { return &r.drivers[n%len(r.drivers)] }

// everyone calls add for the people of a regency: those who plan and procure, and with all the field too.
func (r *regency) everyone(all bool, add func(p *person)) {
	for _, p := range []*person{&r.desk, &r.operator, &r.officer, &r.supplier, &r.printer, &r.supervisor} {
		add(p)
	}
	for _, list := range [][]person{r.storekeeps, r.checkers, r.drivers, r.escorts} {
		for i := range list {
			add(&list[i])
		}
	}
	if !all {
		return
	}
	for _, d := range r.districts {
		add(&d.people)
	}
	for _, v := range r.villages {
		add(&v.people)
	}
	for _, s := range r.stations {
		add(&s.crew)
	}
}

// usersPerRequest is how many accounts are asked for at once.
const usersPerRequest = 5000

// enlist makes everybody's account.
func (p *play) enlist(ctx context.Context) error {
	var users []client.NewUser
	var err error
	send := func() {
		if err == nil && len(users) > 0 {
			err = p.client.AddUsers(ctx, p.config.AdminToken, users)
			users = users[:0]
		}
	}
	add := func(q *person) {
		users = append(users, client.NewUser{ID: q.id(), Role: q.role, Scope: q.scope, Party: q.party, TokenSHA256: q.hash()})
		if len(users) == usersPerRequest {
			send()
		}
	}
	add(&p.simulator)
	full := map[*regency]bool{}
	for _, r := range p.scope {
		full[r] = true
	}
	for _, r := range p.world.regencies {
		r.everyone(full[r], add)
	}
	send()
	if err != nil {
		return fmt.Errorf("make the accounts: %w", err)
	}
	return nil
}
