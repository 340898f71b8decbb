using System.Diagnostics.Metrics;

namespace KeyMeld.Gateway.Telemetry;

/// <summary>Every instrument that something is recorded in (those that are read off are in <see cref="ObservedFleet"/>). Values of labels come from closed sets: words of enums, error codes, configured enclaves.</summary>
internal sealed class GatewayMeter
{
    public const string Name = "KeyMeld.Gateway";

    // From a call on a unix socket to a request that expires.
    private static readonly InstrumentAdvice<double> Durations = new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300],
    };

    // From a page that is in memory to a server that is away.
    private static readonly InstrumentAdvice<double> StorageDurations = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10, 30],
    };

    public GatewayMeter(IMeterFactory factory)
    {
        Meter = factory.Create(new MeterOptions(Name) { Version = Build.Version });
        Signings = Meter.CreateCounter<long>("keymeld.signings", description: "Signings that ended, by final state and error code (none where there is none).");
        SigningDuration = Meter.CreateHistogram("keymeld.signing.duration", "s", "From the request, or its last approval, to the outcome on disk, by final state.", null, Durations);
        StepDuration = Meter.CreateHistogram("keymeld.signing.step.duration", "s", "How long signings stood at each step.", null, Durations);
        Repeats = Meter.CreateCounter<long>("keymeld.signing.repeated.attempts", description: "Attempts beyond the first of signings that ended.");
        Groups = Meter.CreateCounter<long>("keymeld.groups", description: "Groups that formed, failed, expired or were erased, by error code (none where there is none).");
        Joins = Meter.CreateCounter<long>("keymeld.group.joins", description: "Members who joined a group.");
        EnclaveCalls = Meter.CreateHistogram("keymeld.enclave.call.duration", "s", "Calls of enclaves, by enclave, call and result (ok, refused, unreachable).", null, Durations);
        EnclaveWork = Meter.CreateHistogram("keymeld.enclave.work.duration", "s", "How long enclaves say that they worked on calls they answered, by enclave and call, in tenths of milliseconds.", null, Durations);
        EnclaveRefusals = Meter.CreateCounter<long>("keymeld.enclave.refusals", description: "Calls an enclave refused or did not answer, by enclave and error code.");
        Storage = Meter.CreateHistogram("keymeld.storage.duration", "s", "Questions to the database, by store, kind (read, write) and result (ok, failed), waiting for a connection or the writer included.", null, StorageDurations);
        Refusals = Meter.CreateCounter<long>("keymeld.http.refusals", description: "HTTP calls answered with an error, by error code.");
    }

    public Meter Meter { get; }

    public Counter<long> Signings { get; }

    public Histogram<double> SigningDuration { get; }

    public Histogram<double> StepDuration { get; }

    public Counter<long> Repeats { get; }

    public Counter<long> Groups { get; }

    public Counter<long> Joins { get; }

    public Histogram<double> EnclaveCalls { get; }

    public Histogram<double> EnclaveWork { get; }

    public Counter<long> EnclaveRefusals { get; }

    public Histogram<double> Storage { get; }

    public Counter<long> Refusals { get; }
}
