using KeyMeld.Attestation;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;

namespace KeyMeld.Cli.Scenes;

/// <summary>One participant with a profile of its own. It comes online for one thing at a time: a client is opened, used and closed.</summary>
internal sealed class Person(string name, string folder, Uri gateway, Func<AttestationPolicy> policy)
{
    public string Name => name;

    /// <summary>Comes online, does one thing, goes offline.</summary>
    public async Task<T> OnlineAsync<T>(Func<KeyMeldClient, Task<T>> action)
    {
        using var session = Open();
        return await action(session.Client);
    }

    /// <summary>Comes online for longer; the caller disposes it.</summary>
    public Session Open()
    {
        var profile = Profile.OpenOrCreate(folder);
        try
        {
            return new Session(profile, KeyMeldClient.Connect(gateway, policy(), profile));
        }
        catch
        {
            profile.Dispose();
            throw;
        }
    }
}
