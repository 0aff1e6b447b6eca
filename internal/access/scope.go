package access

import (
	"fmt"
	"regexp"
	"slices"

	"jejak/domain"
)

var policeUnit = regexp.MustCompile(`^P[0-9]{4}[A-Z]$`)

// levels says on which level a role's scope may stand; the escort's is a police unit instead.
var levels = map[domain.Role][]domain.Level{
	domain.RoleAdmin:             {domain.Province, domain.Regency},
	domain.RoleProvince:          {domain.Province},
	domain.RoleOperator:          {domain.Province, domain.Regency},
	domain.RoleWarehouse:         {domain.Province, domain.Regency},
	domain.RoleChecker:           {domain.Province, domain.Regency},
	domain.RoleCommitmentOfficer: {domain.Province, domain.Regency},
	domain.RoleSupplier:          {domain.Province, domain.Regency},
	domain.RoleCarrier:           {domain.Province, domain.Regency},
	domain.RoleDistrict:          {domain.District},
	domain.RoleVillage:           {domain.Village},
	domain.RoleStation:           {domain.Station},
	domain.RoleSupervisor:        {domain.Province, domain.Regency, domain.District, domain.Village, domain.Station},
	domain.RoleObserver:          {domain.Province, domain.Regency},
	domain.RoleAuditor:           {domain.Province, domain.Regency},
	domain.RoleSimulator:         {domain.Province},
}

// Scope says what is wrong with a role and its scope, "" each for nothing: the role must be one that a token may carry, and its scope must
// stand on a level where that role works. It does not say that the region or police unit exists.
func Scope(role domain.Role, scope string) (badRole, badScope string) {
	if role == domain.RoleEscort {
		if !policeUnit.MatchString(scope) {
			badScope = fmt.Sprintf("scope %q is no police unit: an escort's looks like P3578A", scope)
		}
		return "", badScope
	}
	allowed, known := levels[role]
	if !known {
		return fmt.Sprintf("role %q is unknown: use one of %v", role, Roles()), ""
	}
	code, err := domain.ParseCode(scope)
	if err != nil {
		return "", err.Error()
	}
	if !slices.Contains(allowed, code.Level()) {
		return "", fmt.Sprintf("scope %s has %d digits: a %s needs %s", scope, len(scope), role, digits(allowed))
	}
	return "", ""
}

func digits(allowed []domain.Level) string {
	text := ""
	for i, l := range allowed {
		switch {
		case i == 0:
		case i == len(allowed)-1:
			text += " or "
		default:
			text += ", "
		}
		text += fmt.Sprint(int(l))
	}
	return text
}
