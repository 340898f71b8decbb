using KeyMeld.DevKit.Kms.Auditing;
using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.DevKit.Kms.Keys;
using KeyMeld.DevKit.Kms.Policies;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Operations;

/// <summary>One authenticated request on its way through an operation.</summary>
internal sealed class KmsCall(KmsService service, RequestReader request, KmsCredential caller, KmsEvent entry)
{
    public KmsService Service { get; } = service;

    public RequestReader Request { get; } = request;

    public KmsCredential Caller { get; } = caller;

    public KmsEvent Event { get; } = entry;

    public DateTimeOffset Now { get; } = service.Time.GetUtcNow();

    public void DemandAccount(string action) => Service.Authorizer.DemandAccount(Caller, action);

    /// <summary>The key that <paramref name="keyId"/> names, once its policy has allowed <paramref name="action"/>.</summary>
    public KeyRecord Authorized(KmsState state, string keyId, string action, ConditionFacts? facts = null)
    {
        var key = Service.Directory.Resolve(state, keyId);
        facts ??= new();
        if (KeyDirectory.AliasIn(keyId) is { } alias)
            facts.Add("kms:RequestAlias", alias);
        return Authorized(key, action, facts);
    }

    public KeyRecord Authorized(KeyRecord key, string action, ConditionFacts facts)
    {
        Event.Touches(key);
        Service.Authorizer.Demand(Caller, action, key, facts);
        return key;
    }

    /// <summary>Ends a request that only asked whether it would succeed.</summary>
    public void EndDryRun(bool isDryRun)
    {
        Event.IsDryRun = isDryRun;
        if (isDryRun)
            throw KmsFault.DryRun();
    }
}
