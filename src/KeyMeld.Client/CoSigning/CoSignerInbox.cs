using KeyMeld.Protocol.Statements;

namespace KeyMeld.Client;

/// <summary>What the owner of the profile decided to sign and is not over: this profile's own requests and approvals, as they are written down.</summary>
internal sealed class CoSignerInbox : IDisposable
{
    // Where the file system tells nothing of changes (network folders), they are looked for.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(30);

    private readonly Profile _profile;
    private readonly Uri _gateway;
    private readonly TimeProvider _time;
    private readonly FileSystemWatcher _watcher;
    private readonly SemaphoreSlim _changed = new(0, 1);

    public CoSignerInbox(Profile profile, Uri gateway, TimeProvider time)
    {
        (_profile, _gateway, _time) = (profile, gateway, time);
        _watcher = new FileSystemWatcher(Path.Combine(profile.Folder, ProfileLayout.Signings), "*.json");
        _watcher.Created += (_, _) => Changed();
        _watcher.Changed += (_, _) => Changed();
        _watcher.Renamed += (_, _) => Changed();
        _watcher.EnableRaisingEvents = true;
    }

    /// <summary>Signings at this gateway of groups where this profile signs at home.</summary>
    public IReadOnlyList<SigningReference> Due() =>
    [
        .. _profile.SigningRecords.List()
            .Where(record => Owner.Decided(record) && record is { Unposted: null, State: SigningState.Waiting or SigningState.Running })
            .Where(record => SigningRequest.Parse(record.Statement.Statement).Expires >= UnixTime.Now(_time))
            .Where(record => GatewayAddress.Same(new Uri(record.Gateway), _gateway) && IsAtHome(_profile.GroupRecords.Find(record.Group)))
            .Select(record => new SigningReference(new Uri(record.Gateway), record.Group, record.Request)),
    ];

    /// <summary>Returns once there may be something new.</summary>
    public async Task ChangedAsync(CancellationToken cancellationToken)
    {
        using var wake = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(_changed.WaitAsync(wake.Token), Task.Delay(Look, _time, wake.Token)).ConfigureAwait(false);
        await wake.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    public void Dispose()
    {
        _watcher.Dispose();
        _changed.Dispose();
    }

    private static bool IsAtHome(GroupRecord? record) => record?.Registration is { } registration && Registration.Parse(registration.Statement).Source == KeySource.Home;

    private void Changed()
    {
        try
        {
            if (_changed.CurrentCount == 0)
            {
                _changed.Release();
            }
        }
        catch (Exception error) when (error is SemaphoreFullException or ObjectDisposedException)
        {
            // Somebody else woke it, or nobody listens any more.
        }
    }
}
