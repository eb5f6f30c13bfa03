// SPDX-License-Identifier: MIT
#include "training_run.hpp"

#include <resnet/train/early_stopping.hpp>

#include <sys/resource.h>

#include <cmath>
#include <filesystem>

#include "csv_log.hpp"
#include "model_card.hpp"
#include "progress.hpp"
#include "report/report.hpp"
#include "stop_signal.hpp"

using namespace resnet;

namespace {

struct Images {
  Dataset train, validation, test;
};

Images load_images(const TrainOptions& o) {
  TrainTest data = load_data(o.data);
  Images images{std::move(data.train), {}, std::move(data.test)};
  if (o.validation > 0) {
    TrainValidation parts = split(images.train, o.validation, o.seed);
    images.train = std::move(parts.train), images.validation = std::move(parts.validation);
  }
  if (images.train.size() == 0) throw Error("--validation leaves no image to train with");
  return images;
}

Normalize normalize_of(const std::string& data, const Dataset& train) {
  if (data == "cifar10") return cifar10_normalize();
  if (data == "cifar100") return cifar100_normalize();
  return compute_normalize(train);
}

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024e-6;
}

double percent_of(const Metrics& m) { return 100 * m.accuracy(); }

}  // namespace

int train(const TrainOptions& o) {
  const Images images = load_images(o);
  const bool validates = images.validation.size() > 0;
  if (o.patience > 0 && !validates) throw Error("--patience needs --validation: the test images have no say");
  const ModelCard card{o.data.name, o.model, images.train.class_names, normalize_of(o.data.name, images.train)};
  const Architecture& architecture = card.architecture();
  fmt::print("{}: {} parameters; {}: {} training, {} validation, {} test images\n", architecture.title,
             architecture.parameters, o.data.name, images.train.size(), images.validation.size(), images.test.size());

  DataLoader loader(images.train, {.batch_size = o.batch_size,
                                   .shuffle = true,
                                   .seed = o.seed,
                                   .augment = o.augment(),
                                   .mix = o.mix,
                                   .normalize = card.normalize});
  const DataLoaderOptions in_order{.batch_size = o.batch_size, .normalize = card.normalize};
  DataLoader held_out(validates ? images.validation : images.test, in_order);
  const TrainingSetup setup = o.setup(loader.batches());
  const auto training = architecture.training(setup);

  const std::string dir = o.run_dir + "/", last = dir + "last.safetensors";
  int epochs_done = 0;
  EarlyStopping stopping{.patience = o.patience};
  const auto save = [&] {
    // The loss of a step says nothing about the weights after it: a checkpoint is good if they work.
    const auto first_batch = [](const Metrics&) { return false; };
    if (!std::isfinite(training->current().evaluate(held_out, first_batch).metrics.loss()))
      throw DivergedError(fmt::format("after step {}: expected a finite loss on held-out images, found NaN or infinity",
                                      training->steps()));
    Metadata state = card.metadata();
    state.merge(o.decisive());
    state["epochs_done"] = to_metadata(epochs_done);
    stopping.save(state);
    training->save(last, state);
  };
  if (o.resume) {
    training->resume(last, [&](const Metadata& state) {
      o.require_same(last, state);
      epochs_done = from_metadata<int>(last, state, "epochs_done");
      stopping.restore(last, state);
    });
    fmt::print("resumed {} after {} epochs and {} steps\n", last, epochs_done, training->steps());
  } else {
    if (std::filesystem::exists(last))
      throw Error(last + " exists: continue it with --resume, or choose another --run-dir");
    std::filesystem::create_directories(dir);
    training->initialize();
    if (!o.fine_tune.empty()) training->load_weights(o.fine_tune, o.fine_tuning());
    save();  // now, rather than after an hour, is the time to learn that it can't be written
  }
  write_text(dir + "config.toml", o.to_toml());

  CsvLog csv(dir + "log.csv",
             "epoch,step,lr,train_loss,train_accuracy,held_out,loss,accuracy,images_per_second,seconds,memory_mb",
             epochs_done);
  Progress progress(o.epochs, loader.batches(), training->steps());
  Stopwatch since_saved;
  catch_stop_signals();
  const auto stopped = [&] {
    save();
    progress.line(
        fmt::format("stopped after {} steps; add --resume to the same command to continue", training->steps()));
    return 128 + stop_signal;
  };
  const auto go_on = [](const Metrics&) { return stop_signal == 0; };

  while (epochs_done < o.epochs && !stopping.stop()) {
    progress.start_epoch();
    const std::int64_t end = std::int64_t{epochs_done + 1} * loader.batches();
    if (training->steps() < end)  // else the run was stopped between the epoch's last step and its evaluation
      for (const HostBatch& batch : training->rest_of_epoch(loader)) {
        training->step(batch);
        progress.update(training->steps(), batch.n, training->epoch_so_far());
        if (stop_signal) return stopped();
        if (since_saved.seconds() > 60 * o.save_minutes) save(), since_saved = {};
      }
    const double images_per_second = progress.images_per_second();
    const Metrics found = training->result().evaluate(held_out, go_on, {.flip = o.flip_test}).metrics;
    if (stop_signal) return stopped();

    ++epochs_done;
    const Metrics& seen = training->epoch_so_far();
    const double lr = setup.schedule(end - 1);
    const char* name = validates ? "validation" : "test";
    progress.line(
        fmt::format("epoch {}/{}: loss {:.3f}, accuracy {:.1f} %; {} loss {:.3f}, accuracy {:.2f} %; "
                    "{:.0f} images/s, {:.0f} s",
                    epochs_done, o.epochs, seen.loss(), percent_of(seen), name, found.loss(), percent_of(found),
                    images_per_second, progress.epoch_seconds()));
    csv.write(fmt::format("{},{},{},{},{},{},{},{},{:.1f},{:.1f},{:.1f}\n", epochs_done, end, lr, seen.loss(),
                          seen.accuracy(), name, found.loss(), found.accuracy(), images_per_second,
                          progress.epoch_seconds(), peak_memory_mb()));
    training->result().save_weights(dir + "weights.safetensors", card.metadata());
    if (validates && stopping.improved(found.accuracy()))
      training->result().save_weights(dir + "best.safetensors", card.metadata());
    save(), since_saved = {};
  }

  // The test images have had no say in anything until here.
  const std::string weights = dir + (validates ? "best.safetensors" : "weights.safetensors");
  const auto network = architecture.network(weights, o.threads);
  TestResults result = collect_test_results(images.test, card.normalize, [&](std::span<const float> batch) {
    return network->probabilities(batch, {.flip = o.flip_test});
  });
  fmt::print("test accuracy {:.2f} % ({} of {} images), {}\n", 100 * result.accuracy(), result.correct(),
             result.images(), weights);
  double seconds = 0;
  for (const EpochRow& row : read_run(o.run_dir).log) seconds += row.seconds;
  write_results(dir + "results.json",
                {.architecture = architecture.title,
                 .data = o.data.name,
                 .class_names = card.class_names,
                 .parameters = static_cast<std::int64_t>(architecture.parameters),
                 .macs = architecture.macs(),
                 .summary = architecture.summary(),
                 .seed = o.seed,
                 .epochs = epochs_done,
                 .finished = true,
                 .seconds = seconds,
                 .peak_memory_mb = peak_memory_mb(),
                 .test = std::move(result),
                 .first_layer = network->first_filters()});
  write_text(dir + "report.html", render_report(read_run(o.run_dir)));
  return 0;
}
