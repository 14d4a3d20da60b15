#pragma once

#include <autodiff/config.hpp>
#include <nn/saving/saving.hpp>

#include <filesystem>
#include <map>
#include <string>

/// \file
/// Checkpoints: the complete state of a run in one file. `fit` writes them itself; in a hand-written loop:
///
///     optim::save_checkpoint("run.safetensors", {{"model", nn::state_dict(net)},
///                                                {"optimizer", sgd.state_dict()},
///                                                {"loader", loader.state_dict()}});
///     ...
///     const auto parts = optim::load_checkpoint("run.safetensors");
///     nn::load_state_dict(net, parts.at("model"));
///     sgd.load_state_dict(parts.at("optimizer"));
///     loader.load_state_dict(parts.at("loader"));

namespace xgrad::optim {

/// Writes the parts and the state of the thread's default generator to a file. An existing file is replaced
/// atomically: if the program is killed at any moment, either the old or the new file is complete. Throws
/// FileError with the file and the system's reason, and ValueError if a part's name is empty or contains a
/// dot.
XGRAD_API void save_checkpoint(const std::filesystem::path& path,
                               const std::map<std::string, nn::StateDict>& parts);

/// Reads a checkpoint, verifies its checksum and restores the state of the thread's default generator. Files
/// of the first format version, which have no checksum, are read without the verification. Throws FileError
/// with the file and the reason.
XGRAD_API std::map<std::string, nn::StateDict> load_checkpoint(const std::filesystem::path& path);

}  // namespace xgrad::optim
