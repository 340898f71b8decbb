using System.Diagnostics.Metrics;
using KeyMeld.Gateway.Dashboard;
using KeyMeld.Gateway.Fleet;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Telemetry;

/// <summary>Instruments that are read off the enclaves' last answers whenever somebody collects metrics. Counters are those of an enclave's boot: they begin anew with it.</summary>
internal static class ObservedFleet
{
    private static readonly string[] States = ["ready", "locked", "unreachable"];

    public static void Observe(this Meter meter, EnclaveFleet fleet, AttestedFleet attested)
    {
        meter.CreateObservableGauge("keymeld.enclave.attestation", () => fleet.Snapshot.Values.SelectMany(view => AttestationFactsJson.Verdicts.Select(verdict =>
            new Measurement<long>(attested.Of(view).Verdict == verdict ? 1 : 0, Of(view), new("verdict", verdict)))), description: "1 for what each enclave's attestation document is worth, 0 for the other verdicts.");
        meter.CreateObservableGauge("keymeld.enclave.state", () => fleet.Snapshot.Values.SelectMany(StatesOf), description: "1 for the state each enclave is in, 0 for the others.");
        meter.CreateObservableGauge("keymeld.enclave.locked", () => fleet.Snapshot.Values.Where(view => !view.IsReady).Select(view =>
            new Measurement<long>(1, Of(view), new("code", Labels.Code(view.Condition.Reason!)))), description: "1 with the error code why an enclave is not ready.");
        meter.CreateObservableGauge("keymeld.enclave.key.epoch", () => Read(fleet, status => status.Keys.Count == 0 ? 0 : status.Keys.Max(key => key.Epoch)), description: "Epoch of each enclave's identity key.");
        meter.CreateObservableGauge("keymeld.enclave.calls.running", () => fleet.Snapshot.Values.Select(view =>
            new Measurement<long>(fleet.Find(view.Id)?.Calls.InFlight ?? 0, Of(view))), description: "Calls of each enclave that are under way.");
        Counter("keymeld.enclave.kms.calls", counters => counters.KmsCalls, "Calls each enclave made to KMS in this boot.");
        Counter("keymeld.enclave.groups.loaded", counters => counters.GroupsLoaded, "Groups each enclave loaded in this boot.");
        Counter("keymeld.enclave.bundle.bytes", counters => counters.BundleBytes, "Bytes of groups each enclave was handed in this boot.");
        Counter("keymeld.enclave.nonces.issued", counters => counters.NoncesIssued, "Nonces each enclave made in this boot.");
        Counter("keymeld.enclave.nonces.used", counters => counters.NoncesUsed, "Nonces each enclave signed with, once each.");
        Counter("keymeld.enclave.nonces.burnt", counters => counters.NoncesBurnt, "Nonces each enclave wiped unused: expired, given up or forgotten.");
        Counter("keymeld.enclave.nonce.reuse.refused", counters => counters.NonceReuseRefused, "Second uses of a nonce that each enclave refused.");

        void Counter(string name, Func<Counters, ulong> read, string description) =>
            meter.CreateObservableCounter(name, () => Read(fleet, status => status.Counters is { } counters ? (long)read(counters) : 0), description: description);
    }

    private static IEnumerable<Measurement<long>> Read(EnclaveFleet fleet, Func<EnclaveStatus, long> read) => fleet.Snapshot.Values
        .Where(view => view.Status is not null)
        .Select(view => new Measurement<long>(read(view.Status!), Of(view)));

    private static IEnumerable<Measurement<long>> StatesOf(EnclaveView view) => States.Select(state =>
        new Measurement<long>(view.Condition.Word == state ? 1 : 0, Of(view), new("state", state)));

    private static KeyValuePair<string, object?> Of(EnclaveView view) => new("enclave", Labels.Of(view.Id));
}
