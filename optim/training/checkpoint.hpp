#pragma once

#include <autodiff/config.hpp>
#include <nn/saving/saving.hpp>

#include <filesystem>
#include <map>
#include <string>

/// \file
/// Everything that a run needs to go on, in one file. `fit` does this by itself; in a loop written by hand:
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

/// Writes the parts and the state of the thread's default generator to a file. It takes the place of an older
/// one in one step: whenever the program is killed, one of the two is there, whole. Throws FileError, naming
/// the file and the system's reason, ValueError for a name with a dot in it.
XGRAD_API void save_checkpoint(const std::filesystem::path& path,
                               const std::map<std::string, nn::StateDict>& parts);

/// Reads such a file and sets the thread's default generator to the state in it. A checksum of its contents
/// is compared; files of the first version, which had none, are read without. Throws FileError, naming the
/// file and what is wrong with it.
XGRAD_API std::map<std::string, nn::StateDict> load_checkpoint(const std::filesystem::path& path);

}  // namespace xgrad::optim
