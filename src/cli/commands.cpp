// SPDX-License-Identifier: Apache-2.0
#include "shotfix/cli/commands.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command_table.h"
#include "shotfix/core/error.h"
#include "shotfix/core/log.h"

namespace shotfix::cli {
namespace {

constexpr void (*kCommands[])(const CommandHost&) = {
    AddInitCommand,       AddIngestCommand,  AddListCommand,    AddHintCommand, AddTrainCommand,
    AddBackgroundCommand, AddRelightCommand, AddEyelineCommand, AddRunCommand,  AddVerifyCommand,
    AddDoctorCommand,     AddConsentCommand, AddColourCommand};

constexpr const char* kFooter =
    "Exit codes: 0 done, 1 a check fell short (verify), 64 bad usage, 65 bad input data, 66 no such input, 69 no "
    "usable device or\n"
    "service, 70 internal fault, 73 cannot create, 74 read or write failed, 75 try again, 77 consent refused, 78 bad "
    "configuration,\n"
    "130 stopped.\n"
    "Example: shotfix init show && shotfix ingest dailies/ && shotfix hint take_3 --frame 12 --matte m12.png && "
    "shotfix train --recipe fast\n"
    "         && shotfix background take_3 --plate street.exr -o take_3_street.mov";

int Report(const GlobalOptions& global, ErrorCode code, const std::string& message, const Error* error) {
  if (global.json) {
    nlohmann::json line = {{"event", "error"}, {"code", static_cast<int>(code)}, {"message", message}};
    if (error != nullptr && !error->file().empty()) line["file"] = error->file();
    if (error != nullptr && error->frame()) line["frame"] = *error->frame();
    std::fputs((line.dump() + "\n").c_str(), ResultStream());
  }
  log::Write(code == ErrorCode::kStopped ? log::Level::kWarning : log::Level::kError, message);
  return static_cast<int>(code);
}

void AddGlobalOptions(CLI::App& app, GlobalOptions& global) {
  app.add_option("--project", global.project,
                 "Project folder; else SHOTFIX_PROJECT, else the nearest *.shotfix upward");
  app.add_option("--device", global.device, "auto, cpu or cuda")->capture_default_str();
  app.add_flag("--json", global.json, "Results and events for machines: one JSON object a line on stdout");
  app.add_flag("--quiet", global.quiet, "No progress, warnings and errors only");
  app.set_version_flag("--version", std::string("shotfix ") + SHOTFIX_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
}

}  // namespace

int RunCommandLine(const std::vector<std::string>& arguments) {
  GlobalOptions global;
  int exit_code = 0;
  CLI::App app(
      "shotfix fixes shots in post-production. Its model learns from this production's footage and nothing else.",
      "shotfix");
  AddGlobalOptions(app, global);
  for (const std::string& argument : arguments)
    global.command_line += (global.command_line.empty() ? "" : " ") + argument;
  for (const auto add : kCommands) add({app, global, exit_code});
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
    return exit_code;
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& problem) {
    return Report(global, ErrorCode::kUsage, std::string(problem.what()) + "; see --help", nullptr);
  } catch (const Error& error) {
    return Report(global, error.code(), error.what(), &error);
  } catch (const std::bad_alloc&) {
    return Report(global, ErrorCode::kUnavailable, "out of memory; use a smaller recipe or close other programs",
                  nullptr);
  } catch (const std::exception& problem) {
    return Report(global, ErrorCode::kInternal, std::string("internal fault: ") + problem.what(), nullptr);
  }
}

}  // namespace shotfix::cli
