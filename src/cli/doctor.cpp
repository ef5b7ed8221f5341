// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/command_table.h"
#include "shotfix/core/error.h"
#include "shotfix/image/device.h"
#include "shotfix/ingest/faces.h"
#include "shotfix/media/versions.h"

namespace shotfix::cli {
namespace {

struct Finding {
  std::string what;
  std::string state;
  std::string remedy;  // empty: nothing to do
};

double GiB(long pages) { return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGE_SIZE)) / (1 << 30); }

std::vector<Finding> Examine() {
  std::vector<Finding> findings;
  findings.push_back({"shotfix", SHOTFIX_VERSION, ""});
  findings.push_back(
      {"processor",
       fmt::format("{} threads, {} used for tensors", std::thread::hardware_concurrency(), at::get_num_threads()), ""});
  findings.push_back(
      {"memory", fmt::format("{:.1f} GiB, {:.1f} free", GiB(sysconf(_SC_PHYS_PAGES)), GiB(sysconf(_SC_AVPHYS_PAGES))),
       ""});
  const image::DeviceInfo& device = image::InitialiseDevices();
  findings.push_back({"CUDA", device.cuda_available ? "available" : "not used: " + device.why_no_cuda,
                      device.cuda_available ? ""
                                            : "nothing is needed for the CPU; for a GPU install an NVIDIA driver and "
                                              "the CUDA packages of the LibTorch wheel"});
  findings.push_back({"FFmpeg", media::FfmpegVersion(), ""});
  for (const media::CodecSupport& codec : media::ListCodecSupport()) {
    const bool whole = codec.decodes && codec.encodes;
    findings.push_back(
        {"codec " + codec.name,
         fmt::format("{}, {}", codec.decodes ? "reads" : "does not read", codec.encodes ? "writes" : "does not write"),
         whole ? "" : "install an FFmpeg build with it"});
  }
  findings.push_back({"SQLite", sqlite3_libversion(), ""});
  const bool cascade = std::filesystem::exists(ingest::FaceLocator::CascadePath());
  findings.push_back({"face locator", cascade ? "available" : "not installed: ingest proposes no faces",
                      cascade ? "" : "install opencv-data, or set SHOTFIX_CASCADES to its folder"});
  std::error_code problem;
  const auto space = std::filesystem::space(std::filesystem::current_path(), problem);
  findings.push_back(
      {"disk here", fmt::format("{:.1f} GiB free", static_cast<double>(space.available) / (1 << 30)), ""});
  return findings;
}

void RunDoctor(const GlobalOptions& global) {
  nlohmann::json json = {{"findings", nlohmann::json::array()}};
  std::string text;
  for (const Finding& finding : Examine()) {
    json["findings"].push_back({{"what", finding.what}, {"state", finding.state}, {"remedy", finding.remedy}});
    text += fmt::format("{:<16} {}\n", finding.what, finding.state);
    if (!finding.remedy.empty()) text += fmt::format("{:<16} -> {}\n", "", finding.remedy);
  }
  PrintResult(global, json, text);
}

}  // namespace

void AddDoctorCommand(const CommandHost& host) {
  CLI::App* app = host.app.add_subcommand("doctor", "Say what this machine can do, what is missing and how to get it");
  app->footer("Example: shotfix doctor");
  app->callback([host] { RunDoctor(host.global); });
}

}  // namespace shotfix::cli
