using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Identity;

/// <summary>What this boot has done, for operators. Public numbers only.</summary>
public sealed class EnclaveCounters
{
    private long _kmsCalls;
    private long _groupsLoaded;
    private long _bundleBytes;
    private long _noncesIssued;
    private long _noncesUsed;
    private long _noncesBurnt;
    private long _nonceReuseRefused;

    public void KmsCalled() => Interlocked.Increment(ref _kmsCalls);

    public void GroupLoaded(long bundleBytes)
    {
        Interlocked.Increment(ref _groupsLoaded);
        Interlocked.Add(ref _bundleBytes, bundleBytes);
    }

    public void NoncesIssued(long count) => Interlocked.Add(ref _noncesIssued, count);

    public void NoncesUsed(long count) => Interlocked.Add(ref _noncesUsed, count);

    public void NoncesBurnt(long count) => Interlocked.Add(ref _noncesBurnt, count);

    public void NonceReuseRefused() => Interlocked.Increment(ref _nonceReuseRefused);

    public Counters Snapshot() => new()
    {
        KmsCalls = Read(ref _kmsCalls),
        GroupsLoaded = Read(ref _groupsLoaded),
        BundleBytes = Read(ref _bundleBytes),
        NoncesIssued = Read(ref _noncesIssued),
        NoncesUsed = Read(ref _noncesUsed),
        NoncesBurnt = Read(ref _noncesBurnt),
        NonceReuseRefused = Read(ref _nonceReuseRefused),
    };

    private static ulong Read(ref long counter) => (ulong)Interlocked.Read(ref counter);
}
