// SPDX-License-Identifier: Apache-2.0
// The catalogue's tables, one migration per version.
#pragma once

#include "project/database.h"

namespace shotfix::project {

// Brings the catalogue to the newest version in one transaction. Throws kData when it is newer than this program.
void Migrate(const Database& database);
int NewestSchemaVersion();

}  // namespace shotfix::project
