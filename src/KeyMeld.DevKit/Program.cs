// What stands in for AWS on one's own machine: the NSM simulator and the KMS emulator, in one process or one each, until SIGTERM or SIGINT.
// Exit codes: 0 stopped, 1 could not start, 2 wrong arguments.
using System.Runtime.InteropServices;
using KeyMeld.DevKit;
using KeyMeld.DevKit.Kms;
using KeyMeld.DevKit.Nsm;

if (DevKitArguments.Parse(args, out var errors) is not { } arguments)
{
    foreach (var error in errors)
    {
        Console.Error.WriteLine($"error: {error}");
    }
    Console.Error.WriteLine(DevKitArguments.Usage);
    return 2;
}

var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);

try
{
    await using var nsm = await NsmSimulator.StartAsync(arguments.DataFolder, arguments.Enclaves, TimeProvider.System);
    await using var kms = arguments.KmsPort is { } port
        ? await KmsEmulator.StartAsync(new KmsEmulatorOptions { DataDirectory = arguments.DataFolder, Port = port, Tls = arguments.Tls, Region = arguments.Region, AttestationRoot = nsm.Root })
        : null;
    Console.WriteLine("ready");
    await stopped.Task;
    return 0;
}
catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
{
    Console.Error.WriteLine($"error: {error.Message}");
    return 1;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stopped.TrySetResult();
}
