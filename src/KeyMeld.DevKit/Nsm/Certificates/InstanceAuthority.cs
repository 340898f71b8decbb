namespace KeyMeld.DevKit.Nsm.Certificates;

/// <summary>
/// What stands between the root and the enclaves of one instance: regional, zonal and instance authority. Kept in memory only and renewed before they run out.
/// </summary>
internal sealed class InstanceAuthority(DevelopmentRoot root, string instanceId) : IDisposable
{
    private const string Region = "development";
    private static readonly TimeSpan Margin = TimeSpan.FromHours(4);

    private readonly Lock _gate = new();
    private readonly NitroCertificate?[] _chain = new NitroCertificate?[3];

    public string InstanceId => instanceId;

    /// <summary>A leaf for an enclave of this instance, and the bundle that leads to it, root first.</summary>
    public (NitroCertificate Leaf, byte[][] Bundle) IssueLeaf(string moduleId, TimeSpan lifetime, DateTimeOffset now)
    {
        lock (_gate)
        {
            Renew(now);
            var issuer = _chain[^1]!;
            var leaf = NitroCertificate.Leaf($"CN={moduleId}.{Region}.aws, OU=Development, O=KeyMeld", lifetime, issuer.Certificate, issuer.Key, now);
            return (leaf, [root.Certificate.RawData, .. _chain.Select(authority => authority!.Certificate.RawData)]);
        }
    }

    public void Dispose()
    {
        foreach (var authority in _chain)
        {
            authority?.Dispose();
        }
    }

    private void Renew(DateTimeOffset now)
    {
        (string Name, TimeSpan Lifetime)[] levels =
        [
            ($"regional.{Region}.nitro-enclaves", TimeSpan.FromDays(20)),
            ($"zonal.{Region}.nitro-enclaves", TimeSpan.FromDays(6)),
            ($"{instanceId}.{Region}.nitro-enclaves", TimeSpan.FromDays(1)),
        ];
        var (issuer, issuerKey, renewed) = (root.Certificate, root.Key, false);
        for (var level = 0; level < levels.Length; level++)
        {
            if (renewed || _chain[level] is not { } current || !current.IsUsable(now, Margin))
            {
                _chain[level]?.Dispose();
                _chain[level] = NitroCertificate.Authority(
                    $"CN={levels[level].Name}, OU=Development, O=KeyMeld", levels.Length - 1 - level, levels[level].Lifetime, issuer, issuerKey, now);
                renewed = true;
            }
            (issuer, issuerKey) = (_chain[level]!.Certificate, _chain[level]!.Key);
        }
    }
}
