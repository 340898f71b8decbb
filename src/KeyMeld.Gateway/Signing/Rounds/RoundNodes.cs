namespace KeyMeld.Gateway.Signing.Rounds;

/// <summary>How many nodes a signing has. In node order the enclaves come first, then the members at home (protocol.md section 6).</summary>
/// <param name="Enclaves">They are called.</param>
/// <param name="Homes">They call.</param>
internal sealed record RoundNodes(int Enclaves, int Homes)
{
    public int Count => Enclaves + Homes;

    /// <summary>The places of the members at home among the nodes.</summary>
    public IEnumerable<int> HomePlaces => Enumerable.Range(Enclaves, Homes);
}
