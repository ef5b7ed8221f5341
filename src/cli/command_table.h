// SPDX-License-Identifier: Apache-2.0
// Each subcommand is one file; this is the list of them.
#pragma once

#include "cli/context.h"

namespace shotfix::cli {

// Each adds its options and a callback that sets `exit_code`.
struct CommandHost {
  CLI::App& app;
  GlobalOptions& global;
  int& exit_code;
};

void AddInitCommand(const CommandHost& host);
void AddIngestCommand(const CommandHost& host);
void AddListCommand(const CommandHost& host);
void AddHintCommand(const CommandHost& host);
void AddTrainCommand(const CommandHost& host);
void AddRelightCommand(const CommandHost& host);
void AddEyelineCommand(const CommandHost& host);
void AddBackgroundCommand(const CommandHost& host);
void AddRunCommand(const CommandHost& host);
void AddVerifyCommand(const CommandHost& host);
void AddDoctorCommand(const CommandHost& host);
void AddConsentCommand(const CommandHost& host);
void AddColourCommand(const CommandHost& host);

}  // namespace shotfix::cli
