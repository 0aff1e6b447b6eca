package given

import "jejak/domain"

// People of the small election. Helpers for committees take the region that they serve.
var (
	Operator   = person("usr-operator", domain.RoleOperator, string(Unit))
	Officer    = person("usr-officer", domain.RoleCommitmentOfficer, string(Unit))
	Warehouse  = person("usr-warehouse", domain.RoleWarehouse, string(Unit))
	Warehouse2 = person("usr-warehouse2", domain.RoleWarehouse, string(Unit))
	Checker    = person("usr-checker", domain.RoleChecker, string(Unit))
	Supplier   = firm("usr-supplier", domain.RoleSupplier, SupplyFirm)
	Printer    = firm("usr-printer", domain.RoleSupplier, PrintFirm)
	Carrier    = firm("usr-carrier", domain.RoleCarrier, CarryFirm)
	Head       = person("usr-province", domain.RoleProvince, string(Province))
	Head2      = person("usr-province2", domain.RoleProvince, string(Province))
	Escort     = person("usr-escort", domain.RoleEscort, PoliceCity)
	Escort2    = person("usr-escort2", domain.RoleEscort, PolicePort)
	Supervisor = person("usr-supervisor", domain.RoleSupervisor, string(Unit))
	System     = person("system", domain.RoleSystem, string(Unit))
)

// DistrictStaff is the district committee (PPK) of a district.
func DistrictStaff(c domain.Code) domain.Actor {
	return person("usr-ppk-"+string(c), domain.RoleDistrict, string(c))
}

// VillageStaff is the village committee (PPS) of a village.
func VillageStaff(c domain.Code) domain.Actor {
	return person("usr-pps-"+string(c), domain.RoleVillage, string(c))
}

// StationStaff is the crew (KPPS) of a station.
func StationStaff(c domain.Code) domain.Actor {
	return person("usr-kpps-"+string(c), domain.RoleStation, string(c))
}

// The firms of the small election.
const (
	SupplyFirm = "usr-supplier"
	PrintFirm  = "usr-printer"
	CarryFirm  = "CV-ANGKUT"
)

func firm(id string, role domain.Role, party string) domain.Actor {
	a := person(id, role, string(Unit))
	a.Party = party
	return a
}

func person(id string, role domain.Role, scope string) domain.Actor {
	return domain.Actor{ID: id, Role: role, Scope: scope}
}
