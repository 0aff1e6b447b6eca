package ledger_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/deadline"
	"jejak/domain/election"
	"jejak/domain/given"
	"jejak/domain/goods"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/need"
	"jejak/domain/packing"
	"jejak/domain/polling"
	"jejak/domain/procurement"
	"jejak/domain/receipt"
	"jejak/domain/shipment"
	"jejak/domain/supporting"
)

// examples is one valid command of every type, every field filled in, in the order of the work.
func examples() []domain.Command {
	const id, dlv, ord, clm, dsc, shp = domain.BoxID("3578011001001-DPRDK"), "DLV-3578-1", "ORD-3578-1", "CLM-3578-1", "DSC-3578-000001", given.Shipment2
	quantity := int64(12)
	booth, ballot := goods.Item{Item: "booth"}, goods.Item{Item: goods.Ballot, Variant: given.Council1}
	priced := []procurement.PricedLine{{Line: goods.Line{Item: booth, Quantity: 100}, UnitPrice: 17_500}}
	witnesses := []packing.Witness{{Role: "police", ID: "usr-9"}}
	return []domain.Command{
		&ledger.AdoptReference{Version: given.Version},
		&supporting.SubmitData{Group: "A", Basis: supporting.Basis{Stations: 5, Villages: 3, Districts: 2}, Note: "satu TPS menyusul",
			Lines: []supporting.Line{{Item: "ballot_box", StockGood: 12, StockDamaged: 3, UnitPrice: 37_500, Document: "BA-12/2023"}}},
		&supporting.ReturnData{Group: "A", Findings: []supporting.Remark{{Item: "ballot_box", Field: "unit_price", Finding: "di atas katalog"}}},
		&supporting.VerifyData{Group: "A", Level: "regency"},
		&need.CalculatePlan{}, &need.SubmitPlan{},
		&need.ReturnPlan{Findings: []need.Remark{{Item: "glue", Finding: "periksa jumlah desa"}}},
		&need.ApprovePlan{}, &need.AmendPlan{Reason: "satu TPS ditambah"},
		&procurement.SetBudget{Ceiling: 1_250_000_000, Document: "DIPA-3578"},
		&procurement.PlaceOrder{Order: ord, Supplier: "usr-supplier", Lines: priced, Exception: &procurement.Exception{Approver: "usr-head", Document: "ND-7"}},
		&procurement.RecordExternalOrder{Order: "ORD-35-PPWP", PlacedBy: "KPU RI", Supplier: "usr-printer", Lines: priced},
		&procurement.AmendOrder{Order: ord, Lines: priced, Reason: "adendum 1"},
		&procurement.ReportProduction{Order: ord, Item: ballot, Printed: 1000, Sent: 900, Stored: 90, Spoiled: 10},
		&procurement.AnnounceDelivery{Delivery: dlv, Order: ord, Lines: []goods.Line{{Item: booth, Quantity: 100}, {Item: ballot, Quantity: 1000}}},
		&receipt.CountGoods{Delivery: dlv, Lines: []procurement.CountLine{{Item: booth, Good: 95, Damaged: 4, Missing: 2, Extra: 1}, {Item: ballot, Good: 1000}}},
		&receipt.ReportSorting{Delivery: dlv, Design: given.Council1, Carton: "K-17", Good: 478, Damaged: map[string]int64{"torn": 3, "wet": 2}, Missing: 7,
			Foreign: []receipt.ForeignSheets{{Design: given.Council2, Count: 10}}},
		&procurement.AcceptDelivery{Delivery: dlv, Document: "BAST-1"},
		&receipt.FileClaim{Claim: clm, Delivery: dlv, Reason: "rusak", Lines: []goods.Line{{Item: ballot, Quantity: 22}}},
		&receipt.SettleClaim{Claim: clm, Lines: []goods.Line{{Item: ballot, Quantity: 22}}, Document: "BA-1",
			Witnesses: []receipt.Witness{{Role: "supervisor", ID: "usr-b"}, {Role: "police", ID: "usr-p"}}},
		&procurement.RecordPayment{Order: ord, Amount: 1_000_000, Document: "SPM-1"}, &procurement.CloseOrder{Order: ord},
		&packing.PackBoxes{Boxes: []packing.PackedBox{{Box: id, Design: given.Council1, Ballots: 197}, {Box: recap}},
			Exception: &packing.Exception{Approver: "usr-head", Reason: "pemilih pindah"}},
		given.PackKits(given.Kit(given.Station1)), given.Check(id, recap), given.Seal(id, recap),
		&packing.UnsealBoxes{Boxes: []domain.BoxID{recap}, Reason: "salah isi", Witnesses: witnesses}, given.Replace(recap),
		&shipment.Plan{Shipment: shp, Leg: shipment.ToDistrict, From: given.Unit, To: given.District1, Boxes: []domain.BoxID{id},
			Kits: []domain.BoxID{given.Kit(given.Station1)}, Lines: []goods.Line{{Item: booth, Quantity: 4}}},
		given.Load(shp, id, given.Kit(given.Station1)), given.Inspect(shp), given.Assign(shp), given.AcceptEscort(shp),
		&shipment.HandOverEscort{Shipment: shp, PoliceUnit: given.PolicePort, OrderNo: "Sprin/2"},
		&shipment.Dispatch{Shipment: shp, Override: &shipment.Override{Approver: "usr-head", Reason: "darurat"}},
		&shipment.ReportCheckpoint{Shipment: shp, Place: "Paciran", Note: "istirahat"},
		&shipment.ReportDelay{Shipment: shp, Reason: "ferry", Until: "2024-02-05T06:00:00+07:00"},
		&shipment.Divert{Shipment: shp, To: given.District1, Reason: "banjir"}, &shipment.TransferLoad{Shipment: shp, Vehicle: "L 2", Reason: "mogok"},
		given.Arrive(shp, given.District1), &shipment.Cancel{Shipment: shp, Reason: "ganti hari"},
		given.Offer(given.Handoff2, shp, given.District1, id, given.Kit(given.Station1)),
		&handoff.Accept{Handoff: given.Handoff2, Boxes: []handoff.AcceptedBox{{Box: id, Seals: given.Seals(id), Condition: handoff.Wet}},
			Missing: []domain.BoxID{given.Kit(given.Station1)}, Extra: []domain.BoxID{recap}, Witnesses: witnesses},
		&handoff.Attest{Handoff: given.Handoff2, Witnesses: witnesses},
		&handoff.IssueDocument{Handoff: given.Handoff2, Number: "12/PP.09-BA/3578/2024", SHA256: strings.Repeat("0a", 32)},
		&polling.CountBallots{Box: id, Found: 189, Foreign: []polling.ForeignBallots{{Design: given.Council2, Count: 8}}},
		&incident.Raise{Kind: domain.Seized, Severity: domain.High, Units: []string{string(id)}, Note: "diamankan polisi"},
		&incident.Assess{Incident: dsc, Severity: domain.Medium, Units: []string{string(id)}, Quantity: &quantity, Note: "dua belas lembar"},
		&incident.OrderAction{Incident: dsc, Action: "hitung ulang"}, &incident.Resolve{Incident: dsc, How: "dikembalikan", Document: "BA-7"},
		&incident.Reopen{Incident: dsc, Reason: "masih kurang"},
		&incident.ReportSealConflict{Seal: "A-000123", Boxes: []string{"3509012001001-PPWP"}, OtherUnit: "3509"},
		&approval.Give{Purpose: approval.BudgetException, Subject: approval.Subjects{ord}, Terms: &approval.Terms{Amount: 900_000}, Document: "ND-7", Note: "darurat"},
		&approval.Refuse{Purpose: approval.BallotNumber, Subject: approval.Subjects{string(id)}, Reason: "hitung lagi"},
		&approval.Revoke{Approval: "018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40", Reason: "salah pesanan"},
		&deadline.Pass{Deadline: election.DeadlineStationReceipt, Area: given.District1},
	}
}

// TestGoldenCommands: phones send the forms that they know for months. Every type of command has a file that is never edited, is read as what
// it says, and is valid. A field may be added only if commands without it stay what they were.
func TestGoldenCommands(t *testing.T) {
	var types []string
	for _, want := range examples() {
		types = append(types, want.CommandType())
		file := filepath.Join("testdata", "commands", want.CommandType()+".json")
		golden, err := os.ReadFile(file)
		if os.IsNotExist(err) && *update {
			if golden, err = json.Marshal(want); err == nil {
				err = os.WriteFile(file, append(slices.Clone(golden), '\n'), 0o644)
			}
		}
		if err != nil {
			t.Errorf("%v: make it with -update", err)
			continue
		}
		read := ledger.NewCommandOf(want.CommandType())
		if err := strictly(golden, read); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if diff := cmp.Diff(want, read, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s means something else (-meant +read):\n%s", file, diff)
		}
		check := &domain.Check{Unit: given.Unit, Election: given.Election, Now: given.Start}
		if read.Validate(check); len(check.Violations()) > 0 {
			t.Errorf("%s is malformed: %v", file, check.Violations())
		}
	}
	slices.Sort(types)
	if all := slices.Sorted(slices.Values(ledger.CommandTypes())); !slices.Equal(types, all) {
		t.Errorf("not every type has an example:\n%s", cmp.Diff(all, types))
	}
}

func strictly(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}
