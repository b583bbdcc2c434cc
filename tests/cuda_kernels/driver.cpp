// Runs a program of kernel launches (src/nn/ops/cuda/program.rs) under emulation: reads it from the file named first,
// writes the contents of all buffers to the one named second. Runs it in three orders of threads and blocks, and
// refuses when any bit differs. Words of the file are little-endian u32; see tests/cuda_kernels/emulator.rs.
#include "emulate.h"

#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "kernels.inc" // the .cu files, then KERNELS, a list of KERNEL(name)

// Memory that ends at a page which nobody may touch. What lies before it, and what nobody wrote, is NaN.
struct Buffer {
    size_t bytes, mapped;
    unsigned char *start;

    explicit Buffer(size_t bytes) : bytes(bytes) {
        size_t page = sysconf(_SC_PAGESIZE);
        mapped = (bytes + page - 1) / page * page + page;
        start = (unsigned char *)mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (start == MAP_FAILED || mprotect(start + mapped - page, page, PROT_NONE)) refuse("no memory for a buffer");
        mapped -= page;
        memset(start, 0xff, mapped);
    }
    unsigned char *numbers() const { return start + mapped - bytes; }
    bool intact() const {
        for (const unsigned char *at = start; at < numbers(); ++at)
            if (*at != 0xff) return false;
        return true;
    }
};

struct Argument {
    unsigned kind; // 0 buffer (its number, then in the upper half the first byte), 1 int, 2 float, 3 double
    unsigned long long bits;
};

struct Launch {
    std::string kernel;
    Place grid;
    std::vector<Argument> arguments;
};

// One argument as the type that the kernel takes; a wrong kind is refused.
template <class T> T taken(const Argument &argument, const std::vector<Buffer> &buffers) {
    T value;
    if constexpr (std::is_pointer_v<T>) {
        if (argument.kind != 0) refuse("a number where the kernel takes a buffer");
        return (T)(buffers.at(argument.bits & 0xffffffff).numbers() + (argument.bits >> 32));
    } else {
        unsigned kind = std::is_same_v<T, int> ? 1 : std::is_same_v<T, float> ? 2 : 3;
        if (argument.kind != kind) refuse("an argument of another type than the kernel takes");
        memcpy(&value, &argument.bits, sizeof value);
        return value;
    }
}

using Caller = std::function<std::function<void()>(const std::vector<Argument> &, const std::vector<Buffer> &)>;

template <class... P, size_t... I> Caller caller(void (*kernel)(P...), std::index_sequence<I...>) {
    return [kernel](const std::vector<Argument> &arguments, const std::vector<Buffer> &buffers) {
        if (arguments.size() != sizeof...(P)) refuse("another number of arguments than the kernel takes");
        auto values = std::make_tuple(taken<P>(arguments[I], buffers)...);
        return std::function<void()>([kernel, values] { std::apply(kernel, values); });
    };
}

template <class... P> Caller caller(void (*kernel)(P...)) { return caller(kernel, std::index_sequence_for<P...>()); }

#define KERNEL(name) {#name, caller(name)},
static const std::map<std::string, Caller> kernels = {KERNELS};

// Reads words and bytes in order.
struct Reader {
    std::string text;
    size_t at = 0;

    std::string bytes(size_t count) {
        if (at + count > text.size()) refuse("the program ends early");
        at += count;
        return text.substr(at - count, count);
    }
    unsigned word() {
        unsigned word;
        memcpy(&word, bytes(4).data(), 4);
        return word;
    }
};

static void touched_outside(int) {
    refuse("touches memory outside of its buffers");
}

int main(int count, char **arguments) {
    if (count != 3) refuse("usage: driver PROGRAM RESULT");
    std::vector<char> stack(64 << 10); // a fiber's own may be what it ran out of
    stack_t alternate = {stack.data(), 0, stack.size()};
    sigaltstack(&alternate, nullptr);
    struct sigaction action = {};
    action.sa_handler = touched_outside;
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGSEGV, &action, nullptr);

    std::ifstream file(arguments[1], std::ios::binary);
    Reader reader{std::string(std::istreambuf_iterator<char>(file), {})};
    std::vector<std::pair<size_t, std::string>> given; // bytes, and those that are known
    for (unsigned left = reader.word(); left > 0; --left) {
        size_t bytes = reader.word();
        bool known = reader.word();
        given.emplace_back(bytes, known ? reader.bytes(bytes) : "");
    }
    std::vector<Launch> launches(reader.word());
    for (Launch &launch : launches) {
        launch.kernel = reader.bytes(reader.word());
        launch.grid = {reader.word(), reader.word(), reader.word()};
        launch.arguments.resize(reader.word());
        for (Argument &argument : launch.arguments) {
            argument.kind = reader.word();
            unsigned low = reader.word();
            argument.bits = (unsigned long long)reader.word() << 32 | low;
        }
    }

    std::string results[3];
    for (int order = 0; order < 3; ++order) {
        std::vector<Buffer> buffers;
        for (auto &[bytes, known] : given) {
            buffers.emplace_back(bytes);
            memcpy(buffers.back().numbers(), known.data(), known.size());
        }
        for (const Launch &launch : launches) {
            current_kernel = launch.kernel.c_str();
            auto found = kernels.find(launch.kernel);
            if (found == kernels.end()) refuse("there is no such kernel");
            run_grid(current_kernel, launch.grid, THREADS, order, found->second(launch.arguments, buffers));
            for (const Buffer &buffer : buffers)
                if (!buffer.intact()) refuse("wrote in front of a buffer");
        }
        for (const Buffer &buffer : buffers) {
            results[order].append((const char *)buffer.numbers(), buffer.bytes);
            munmap(buffer.start, buffer.mapped + sysconf(_SC_PAGESIZE));
        }
        if (results[order] != results[0]) refuse("another order of threads or blocks gives other bits: a race");
    }
    std::ofstream(arguments[2], std::ios::binary) << results[0];
}
