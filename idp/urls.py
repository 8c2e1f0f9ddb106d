"""Connected apps; a site mounts them where its users' account pages are."""

from django.urls import path

from idp.views import connected_app, connected_app_history

app_name = "idp"

urlpatterns = [
    path("", connected_app.app_list, name="connected-apps"),
    path("<uuid:app_id>/", connected_app.app_detail, name="connected-app"),
    path("<uuid:app_id>/remove/", connected_app.app_remove, name="connected-app-remove"),
    path(
        "<uuid:app_id>/permission/",
        connected_app.permission_remove,
        name="connected-app-permission",
    ),
    path("<uuid:app_id>/history/", connected_app_history.history, name="connected-app-history"),
    path(
        "<uuid:app_id>/history/<uuid:event_id>/",
        connected_app_history.record,
        name="connected-app-record",
    ),
    path(
        "<uuid:app_id>/history.json",
        connected_app_history.download,
        name="connected-app-download",
    ),
    path(
        "<uuid:app_id>/receipts.json",
        connected_app_history.receipts,
        name="connected-app-receipts",
    ),
    path("receipt-keys.json", connected_app_history.receipt_keys, name="receipt-keys"),
    path("<path:client_id>/", connected_app.app_by_client, name="connected-app-of-client"),
]
