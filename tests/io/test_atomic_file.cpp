// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <resnet/core/random.hpp>
#include <resnet/io/atomic_file.hpp>

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <string>

#include "tests/io/scratch.hpp"

using namespace resnet;

namespace {

void replace(const std::string& path, const std::string& content) {
  AtomicFile file(path);
  file.write(content.data(), content.size());
  file.commit();
}

/// Runs `body` in a child process and returns its exit status.
int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// 0 if writing `size` bytes over `path` fails with a message that holds both texts.
int failure_names(const std::string& path, std::size_t size, const std::string& a, const std::string& b) {
  try {
    replace(path, std::string(size, 'n'));
    return 1;
  } catch (const Error& e) {
    const std::string message = e.what();
    return message.find(a) != std::string::npos && message.find(b) != std::string::npos ? 0 : 2;
  }
}

}  // namespace

TEST_CASE("AtomicFile: commit replaces the content and leaves nothing else behind") {
  const Scratch scratch;
  const std::string path = scratch.file("w");
  replace(path, "first, a long text");
  CHECK(bytes_of(path) == "first, a long text");
  replace(path, "second");
  CHECK(bytes_of(path) == "second");
  CHECK(scratch.count() == 1);
}

TEST_CASE("AtomicFile: without commit the old file stays") {
  const Scratch scratch;
  const std::string path = scratch.file("w");
  replace(path, "old");
  {
    AtomicFile file(path);
    file.write("new", 3);
    CHECK(bytes_of(path) == "old");
  }
  CHECK(bytes_of(path) == "old");
  CHECK(scratch.count() == 1);
}

TEST_CASE("AtomicFile: keeps permissions and symbolic links") {
  const Scratch scratch;
  const std::string path = scratch.file("w"), link = scratch.file("link");
  replace(path, "old");
  std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::filesystem::create_symlink("w", link);
  replace(link, "new");
  CHECK(std::filesystem::is_symlink(link));
  CHECK(bytes_of(path) == "new");
  CHECK(std::filesystem::status(path).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("AtomicFile: errors name the file and the reason") {
  const Scratch scratch;
  const std::string absent = scratch.file("absent/w");
  CHECK_THROWS_WITH_AS(AtomicFile{absent}, doctest::Contains("absent/w"), Error);
  CHECK_THROWS_WITH_AS(AtomicFile{absent}, doctest::Contains("No such file or directory"), Error);
  CHECK_THROWS_WITH_AS(AtomicFile{scratch.file("")}, doctest::Contains("expected a regular file"), Error);
  CHECK_THROWS_WITH_AS(AtomicFile{"/dev/full"}, doctest::Contains("expected a regular file"), Error);

  const std::string path = scratch.file("w");
  {
    AtomicFile file(path);
    std::filesystem::create_directory(path);  // now the rename has to fail
    CHECK_THROWS_WITH_AS(file.commit(), doctest::Contains("Is a directory"), Error);
  }
  CHECK(scratch.count() == 1);
}

TEST_CASE("AtomicFile: a second writer is refused and does no harm") {
  const Scratch scratch;
  const std::string path = scratch.file("w");
  AtomicFile first(path);
  first.write("first", 5);
  CHECK_THROWS_WITH_AS(AtomicFile{path}, doctest::Contains("somebody else is writing"), Error);
  first.commit();
  CHECK(bytes_of(path) == "first");
  replace(path, "second");
  CHECK(bytes_of(path) == "second");
}

TEST_CASE("AtomicFile: a pipe in place of either file is refused, not waited for, and stays") {
  const Scratch scratch;
  const std::string path = scratch.file("w"), pipe = scratch.file("pipe");
  REQUIRE(::mkfifo((path + ".tmp").c_str(), 0600) == 0);
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  ::alarm(60);  // nobody reads from them
  CHECK_THROWS_WITH_AS(AtomicFile{path}, doctest::Contains("w.tmp: expected a regular file or none, found a pipe"),
                       Error);
  CHECK_THROWS_WITH_AS(AtomicFile{pipe}, doctest::Contains("pipe: expected a regular file to replace, found a"), Error);
  ::alarm(0);
  CHECK(std::filesystem::is_fifo(path + ".tmp"));
  CHECK(std::filesystem::is_fifo(pipe));
  CHECK(scratch.count() == 2);
}

TEST_CASE("AtomicFile: a file too large for the system is an error and the old file stays") {
  const Scratch scratch;
  const std::string path = scratch.file("w");
  replace(path, "old");
  const int status = in_child([&] {
    const rlimit limit{5000, 5000};
    std::signal(SIGXFSZ, SIG_IGN);
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 3;
    return failure_names(path, 1 << 20, path + ": cannot write at byte 5000", "File too large");
  });
  CHECK(status == 0);
  CHECK(bytes_of(path) == "old");
  CHECK(scratch.count() == 1);
}

TEST_CASE("AtomicFile: a full disk is an error and the old file stays") {
  const Scratch scratch;
  const std::string disk = scratch.file("disk");
  std::filesystem::create_directory(disk);
  // A disk of 256 kB that only the child sees; some systems don't allow that.
  const int status = in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 77;
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 77;
    if (::mount("none", disk.c_str(), "tmpfs", 0, "size=256k") != 0) return 77;
    replace(disk + "/w", "old");
    const int result = failure_names(disk + "/w", 1 << 20, disk + "/w: cannot write at byte", "No space left");
    const bool intact = bytes_of(disk + "/w") == "old" && !std::filesystem::exists(disk + "/w.tmp");
    ::umount2(disk.c_str(), MNT_DETACH);
    return intact ? result : 4;
  });
  if (status == 77)
    MESSAGE("not checked: this system lets no test mount a small disk");
  else
    CHECK(status == 0);
}

TEST_CASE("AtomicFile: killed at any moment, it leaves the old file or the new one") {
  const Scratch scratch;
  const std::string path = scratch.file("w");
  const std::size_t size = 1 << 20;
  replace(path, std::string(size, 'a'));
  Random random{{7, 0}};
  int hit_while_writing = 0, broken = 0;
  for (int kill = 0; kill < 40 || (hit_while_writing == 0 && kill < 200); ++kill) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(60);  // ends it should nobody else do so
      for (char letter = 'a';; letter = letter == 'z' ? 'a' : static_cast<char>(letter + 1)) {
        const std::string content(size, letter);
        AtomicFile file(path);
        for (std::size_t at = 0; at < size; at += 4096) file.write(content.data() + at, 4096);
        file.commit();
      }
    }
    ::usleep(random.below(8000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const std::string found = bytes_of(path);
    broken += found != std::string(size, found.empty() ? ' ' : found[0]);
    hit_while_writing += std::filesystem::exists(path + ".tmp");
  }
  CHECK(broken == 0);
  CHECK(hit_while_writing > 0);
  replace(path, "last");  // takes over what the last victim left behind
  CHECK(bytes_of(path) == "last");
  CHECK(scratch.count() == 1);
}
